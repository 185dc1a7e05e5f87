import type { Activation } from "../kernels/activation.ts";
import type { Matrix } from "../kernels/heap.ts";
import { clamp, type Gaussian, LOG_VAR_BOUNDS } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { withLabels, withLabelsBackward } from "../layers/condition.ts";
import { denseBackward, denseForward, type DenseTape } from "../layers/dense.ts";
import { DENSE, type Kind, layerBackward, layerForward, type LayerTape } from "../layers/layer.ts";
import type { Config } from "./config.ts";
import { geometry } from "./geometry.ts";
import type { Layer, Network } from "./layout.ts";

/** A model in the heap. */
export type Model = { readonly config: Config; readonly params: Network<Matrix> };

/** Examples in the heap: x [B, D], and where their B int32 labels are if the model is conditional. */
export type Batch = { readonly x: Matrix; readonly labels?: number | undefined };

/** Codes in the heap: z [B, Z], and labels as of a {@linkcode Batch}. */
export type Codes = { readonly z: Matrix; readonly labels?: number | undefined };

/** How batch normalization goes: by the batch's own statistics, or by the running ones. */
export type Mode = {
  readonly training: boolean;
  /** Whether all examples get the same noise, so that what is computed of one does not depend on its place. */
  readonly sharedNoise?: boolean | undefined;
};

/** One of the layers that are run one after the other. */
type Step<T> = { readonly layer: Layer<T>; readonly kind: Kind; readonly activation: Activation };

/** What the encoder's backward pass needs of the forward one. */
export type EncoderTape = {
  readonly batch: Batch;
  readonly conv: readonly LayerTape[];
  readonly hidden: readonly LayerTape[];
  readonly mean: DenseTape;
  readonly logVar: DenseTape;
};

/** What the decoder's backward pass needs of the forward one. */
export type DecoderTape = {
  readonly codes: Codes;
  readonly layers: readonly LayerTape[];
  /** The likelihood's parameters, [B, D P]. */
  readonly outputs: Matrix;
};

function encoderConv<T>({ config, params }: { config: Config; params: Network<T> }): Step<T>[] {
  const { down } = geometry(config), { activation } = config.encoder;
  return down.map(({ window }, i) => ({ layer: params.encoder.conv![i]!, kind: { kind: "conv", window }, activation }));
}

function encoderHidden<T>({ config, params }: { config: Config; params: Network<T> }): Step<T>[] {
  const { activation } = config.encoder;
  return params.encoder.hidden.map((layer) => ({ layer, kind: DENSE, activation }));
}

function decoderLayers<T>({ config, params: { decoder } }: { config: Config; params: Network<T> }): Step<T>[] {
  const { activation } = config.decoder, { up } = geometry(config);
  const kinds: Kind[] = up.map(({ window }) => ({ kind: "transposed", window }));
  return [
    ...decoder.hidden.map((layer) => ({ layer, kind: DENSE, activation })),
    ...(decoder.conv ?? []).map((layer, i) => ({ layer, kind: kinds[i]!, activation })),
    { layer: decoder.output, kind: kinds.at(-1) ?? DENSE, activation: "identity" },
  ];
}

function stackForward(
  rt: Runtime,
  steps: readonly Step<Matrix>[],
  x: Matrix,
  { training }: Mode,
  out?: Matrix,
): LayerTape[] {
  const tapes: LayerTape[] = [];
  steps.forEach(({ layer, kind, activation }, i) => {
    const to = i === steps.length - 1 ? out : undefined;
    tapes.push(layerForward(rt, kind, layer, tapes.at(-1)?.y ?? x, activation, training, to));
  });
  return tapes;
}

/** Backward through layers, last first. `dy` belongs to the last one's output; without `dx` the first one's is not made. */
function stackBackward(
  rt: Runtime,
  steps: readonly Step<Matrix>[],
  grads: readonly Step<Matrix>[],
  tapes: readonly LayerTape[],
  dy: Matrix,
  dx?: Matrix,
): void {
  for (let i = steps.length - 1; i >= 0; i--) {
    const { layer, kind, activation } = steps[i]!, x = tapes[i - 1]?.y;
    const into = x ? rt.arena.matrix(x.rows, x.cols) : dx;
    layerBackward(rt, kind, layer, grads[i]!.layer, tapes[i]!, dy, activation, into);
    if (into) dy = into;
  }
}

/** x [B, D] to the posterior's mean and log-variance [B, Z], the latter held within {@linkcode LOG_VAR_BOUNDS}. */
export function encoderForward(rt: Runtime, model: Model, batch: Batch, out: Gaussian, mode: Mode): EncoderTape {
  const { encoder } = model.params, { classes } = model.config;
  const conv = stackForward(rt, encoderConv(model), batch.x, mode), features = conv.at(-1)?.y ?? batch.x;
  const given = batch.labels === undefined
    ? features
    : withLabels(rt, features, batch.labels, classes, encoder.embedding);
  const hidden = stackForward(rt, encoderHidden(model), given, mode), code = hidden.at(-1)?.y ?? given;
  const mean = denseForward(rt, encoder.mean, code, "identity", out.mean);
  const logVar = denseForward(rt, encoder.logVar, code, "identity", out.logVar);
  clamp(rt, out.logVar, LOG_VAR_BOUNDS);
  return { batch, conv, hidden, mean, logVar };
}

/** The encoder's gradients from those of mean and log-variance, which are used up; after a forward pass in training. */
export function encoderBackward(
  rt: Runtime,
  model: Model,
  grads: Network<Matrix>,
  { batch, conv, hidden, mean, logVar }: EncoderTape,
  d: Gaussian,
): void {
  const { encoder } = model.params, { config } = model, B = batch.x.rows, code = mean.x;
  // What goes into the dense layers needs a gradient where something before them learns.
  const learns = conv.length > 0 || encoder.embedding !== undefined;
  const dcode = hidden.length > 0 || learns ? rt.arena.matrix(B, code.cols) : undefined;
  denseBackward(rt, encoder.mean, grads.encoder.mean, mean, d.mean, "identity", dcode);
  denseBackward(rt, encoder.logVar, grads.encoder.logVar, logVar, d.logVar, "identity", dcode, true);
  if (!dcode) return;
  const { flat } = geometry(config), steps = encoderHidden(model), given = hidden[0]?.product.x.cols;
  const dgiven = !learns || given === undefined ? undefined : rt.arena.matrix(B, given);
  stackBackward(rt, steps, encoderHidden({ config, params: grads }), hidden, dcode, dgiven);
  if (!learns) return;
  let dflat = dgiven ?? dcode;
  if (batch.labels !== undefined) {
    const dboth = dflat;
    dflat = rt.arena.matrix(B, flat);
    withLabelsBackward(rt, dboth, conv.length > 0 ? dflat : undefined, grads.encoder.embedding, batch.labels);
  }
  stackBackward(rt, encoderConv(model), encoderConv({ config, params: grads }), conv, dflat);
}

/** z [B, Z] to the likelihood's parameters [B, D P]. */
export function decoderForward(rt: Runtime, model: Model, codes: Codes, mode: Mode, out?: Matrix): DecoderTape {
  const { z, labels } = codes, { embedding } = model.params.decoder;
  const given = labels === undefined ? z : withLabels(rt, z, labels, model.config.classes, embedding);
  const layers = stackForward(rt, decoderLayers(model), given, mode, out);
  return { codes, layers, outputs: layers.at(-1)!.y };
}

/** The decoder's gradients, and dz, from that of its outputs, which is used up; after a forward pass in training. */
export function decoderBackward(
  rt: Runtime,
  model: Model,
  grads: Network<Matrix>,
  { codes, layers }: DecoderTape,
  doutputs: Matrix,
  dz: Matrix,
): void {
  const { labels } = codes, { config } = model, steps = decoderLayers({ config, params: grads });
  const dgiven = labels === undefined ? dz : rt.arena.matrix(dz.rows, layers[0]!.product.x.cols);
  stackBackward(rt, decoderLayers(model), steps, layers, doutputs, dgiven);
  if (labels !== undefined) withLabelsBackward(rt, dgiven, dz, grads.decoder.embedding, labels);
}
