import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";
import type { Network } from "./layout.ts";
import { type Likelihood, LIKELIHOODS } from "./likelihood.ts";
import type { Model } from "./network.ts";

/** A model's likelihood with the log-variance that it has: p(x | z) from the decoder's outputs alone. */
export type Head = {
  readonly likelihood: Likelihood;
  readonly logVar: number;
};

/** The likelihood of a model. */
export function headOf(rt: Runtime, { config, params }: Model): Head {
  const likelihood = LIKELIHOODS[config.likelihood], { logVar } = params.decoder;
  return { likelihood, logVar: logVar ? floats(rt.heap, logVar)[0]! : Math.log(config.variance) };
}

/** nll [B, 1] = -log p(x | outputs); with `gradient`, also its derivative by the outputs, times `scale`. */
export function nllOf(
  rt: Runtime,
  { likelihood, logVar }: Head,
  nll: Matrix,
  outputs: Matrix,
  x: Matrix,
  gradient?: { readonly out: Matrix; readonly scale: number },
): void {
  likelihood.nll(rt, nll, outputs, x, logVar, gradient);
}

/** out [B, D] = E[x | outputs]. */
export function meanOf(rt: Runtime, { likelihood, logVar }: Head, out: Matrix, outputs: Matrix): void {
  likelihood.mean(rt, out, outputs, logVar);
}

/** out [B, D] ~ p(x | outputs). */
export function sampleOf(rt: Runtime, { likelihood, logVar }: Head, out: Matrix, outputs: Matrix, key: Key): void {
  likelihood.sample(rt, out, outputs, logVar, key);
}

/** The gradient by a learned log-variance, from each row's nll and its share in the loss; nothing where none is learned. */
export function headBackward(
  rt: Runtime,
  { likelihood, logVar }: Head,
  grads: Network<Matrix>,
  nll: Matrix,
  D: number,
  share: (row: number) => number,
): void {
  if (!grads.decoder.logVar) return;
  let sum = 0;
  floats(rt.heap, nll).forEach((value, row) => sum += share(row) * likelihood.slope!(value, D, logVar));
  floats(rt.heap, grads.decoder.logVar)[0] = sum;
}
