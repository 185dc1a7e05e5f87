import type { Activation } from "../kernels/dense.ts";
import type { Matrix } from "../kernels/heap.ts";
import { clamp, type Gaussian, LOG_VAR_BOUNDS } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { denseBackward, denseForward, type DenseTape } from "../layers/dense.ts";
import type { Config } from "./config.ts";
import type { Dense, Network } from "./layout.ts";

/** What the encoder's backward pass needs of the forward one. */
export type EncoderTape = {
  readonly hidden: readonly DenseTape[];
  readonly mean: DenseTape;
  readonly logVar: DenseTape;
};

/** What the decoder's backward pass needs of the forward one. */
export type DecoderTape = { readonly hidden: readonly DenseTape[]; readonly output: DenseTape };

function stackForward(rt: Runtime, layers: readonly Dense<Matrix>[], x: Matrix, activation: Activation): DenseTape[] {
  const tapes: DenseTape[] = [];
  for (const layer of layers) tapes.push(denseForward(rt, layer, tapes.at(-1)?.y ?? x, activation));
  return tapes;
}

/** Backward through a stack of layers, last first. `dy` belongs to the last one's output. */
function stackBackward(
  rt: Runtime,
  layers: readonly Dense<Matrix>[],
  grads: readonly Dense<Matrix>[],
  tapes: readonly DenseTape[],
  dy: Matrix,
  activation: Activation,
  dx?: Matrix,
): void {
  for (let i = layers.length - 1; i >= 0; i--) {
    const into = i > 0 ? rt.arena.matrix(dy.rows, layers[i].kernel.rows) : dx;
    denseBackward(rt, layers[i], grads[i], tapes[i], dy, activation, into);
    if (into) dy = into;
  }
}

/** x [B, D] to the posterior's mean and log-variance [B, Z], the latter held within {@linkcode LOG_VAR_BOUNDS}. */
export function encoderForward(
  rt: Runtime,
  config: Config,
  { encoder }: Network<Matrix>,
  x: Matrix,
  out: Gaussian,
): EncoderTape {
  const hidden = stackForward(rt, encoder.hidden, x, config.encoder.activation);
  const code = hidden.at(-1)?.y ?? x;
  const mean = denseForward(rt, encoder.mean, code, "identity", out.mean);
  const logVar = denseForward(rt, encoder.logVar, code, "identity", out.logVar);
  clamp(rt, out.logVar, LOG_VAR_BOUNDS);
  return { hidden, mean, logVar };
}

/** The encoder's gradients from those of mean and log-variance, which are used up. */
export function encoderBackward(
  rt: Runtime,
  config: Config,
  { encoder }: Network<Matrix>,
  grads: Network<Matrix>,
  tape: EncoderTape,
  d: Gaussian,
): void {
  const { x } = tape.mean;
  const dcode = encoder.hidden.length > 0 ? rt.arena.matrix(x.rows, x.cols) : undefined;
  denseBackward(rt, encoder.mean, grads.encoder.mean, tape.mean, d.mean, "identity", dcode);
  denseBackward(rt, encoder.logVar, grads.encoder.logVar, tape.logVar, d.logVar, "identity", dcode, true);
  if (!dcode) return;
  stackBackward(rt, encoder.hidden, grads.encoder.hidden, tape.hidden, dcode, config.encoder.activation);
}

/** z [B, Z] to the likelihood's parameters [B, D]. */
export function decoderForward(
  rt: Runtime,
  config: Config,
  { decoder }: Network<Matrix>,
  z: Matrix,
  out?: Matrix,
): DecoderTape {
  const hidden = stackForward(rt, decoder.hidden, z, config.decoder.activation);
  return { hidden, output: denseForward(rt, decoder.output, hidden.at(-1)?.y ?? z, "identity", out) };
}

/** The decoder's gradients, and dz, from that of its outputs, which is used up. */
export function decoderBackward(
  rt: Runtime,
  config: Config,
  { decoder }: Network<Matrix>,
  grads: Network<Matrix>,
  tape: DecoderTape,
  doutputs: Matrix,
  dz: Matrix,
): void {
  const { x } = tape.output;
  const dhidden = decoder.hidden.length > 0 ? rt.arena.matrix(x.rows, x.cols) : dz;
  denseBackward(rt, decoder.output, grads.decoder.output, tape.output, doutputs, "identity", dhidden);
  if (dhidden === dz) return;
  stackBackward(rt, decoder.hidden, grads.decoder.hidden, tape.hidden, dhidden, config.decoder.activation, dz);
}
