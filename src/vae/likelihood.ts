import { bernoulliNll } from "../kernels/bernoulli.ts";
import { activate } from "../kernels/dense.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";

/** p(x | z) as the decoder's outputs parameterize it: the seam at which another likelihood is added. */
export type Likelihood = {
  /** The values that x may have. */
  readonly support: readonly [low: number, high: number];
  /** nll [B, 1] = -log p(x | outputs) in nats; with `gradient`, also its derivative by the outputs, times `scale`. */
  nll(rt: Runtime, nll: Matrix, outputs: Matrix, x: Matrix, gradient?: { out: Matrix; scale: number }): void;
  /** The mean of x under the outputs; may be written over them. */
  mean(rt: Runtime, out: Matrix, outputs: Matrix): void;
};

/** The name of a likelihood. */
export type LikelihoodName = "bernoulli";

/** The likelihoods by name. */
export const LIKELIHOODS: Readonly<Record<LikelihoodName, Likelihood>> = {
  /** Independent Bernoulli from logits; for x strictly between 0 and 1 its cross-entropy, as is usual for gray images. */
  bernoulli: {
    support: [0, 1],
    nll: bernoulliNll,
    mean: (rt, out, logits) => activate(rt, out, logits, "sigmoid"),
  },
};
