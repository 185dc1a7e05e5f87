import type * as tf from "../backend/tf.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { LossError, type LossOptions, type Metrics, metricsOf, withTerms } from "./loss.ts";
import type { Params } from "./state.ts";

/** What is known of the examples of a batch after one pass. */
export type Measurement = {
  /** As `loss` gives them. */
  readonly metrics: Metrics;
  /** [B], nats: -log p(x | z). */
  readonly reconstruction: Float32Array;
  /** [B], nats: KL(q(z | x) || p(z)). */
  readonly kl: Float32Array;
  /** The posteriors, [B, Z] each, row by row. */
  readonly mean: Float32Array;
  readonly logVar: Float32Array;
};

/** A copy of a matrix's values, which outlives the arena's scope. */
function copy(rt: Runtime, m: Matrix): Float32Array {
  return floats(rt.heap, m).slice();
}

/**
 * The loss of a batch, and what it is made of for each example, in one pass through encoder and decoder.
 *
 * @param action What cannot be done otherwise, for the error message.
 * @throws As `loss`.
 */
export function measure(action: string, params: Params, x: tf.Tensor2D, options: LossOptions): Measurement {
  return withTerms(action, params, x, options, (rt, terms, objective) => ({
    metrics: metricsOf(rt, action, terms, objective),
    reconstruction: copy(rt, terms.reconstruction),
    kl: copy(rt, terms.kl),
    mean: copy(rt, terms.posterior.mean),
    logVar: copy(rt, terms.posterior.logVar),
  }));
}

/**
 * -log 1/k sum over s of p(x, z_s) / q(z_s | x) of each example, z_s ~ q(z | x), k = `samples`: an upper bound of
 * -log p(x) in the mean, the tighter the larger k is (Burda, Grosse and Salakhutdinov 2016, theorem 1). Samples are
 * streamed, so that memory does not grow with k.
 *
 * @param action What cannot be done otherwise, for the error message.
 * @returns [B], nats.
 * @throws As `loss`.
 */
export function negativeLogLikelihood(
  action: string,
  params: Params,
  x: tf.Tensor2D,
  options: Pick<LossOptions, "key" | "labels" | "samples">,
): Float32Array {
  return withTerms(action, params, x, { ...options, objective: "iwae", beta: 1 }, (rt, { loss }) => {
    const nll = copy(rt, loss), wrong = nll.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) throw new LossError(`${action}: -log p(x) of an example is ${wrong}`);
    return nll;
  });
}
