import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { floats } from "../kernels/heap.ts";
import type { Labelled } from "./examples.ts";
import { LABELLED } from "../vae/checks.ts";
import { finite, withTerms } from "./loss.ts";
import type { Keyed, Params } from "./state.ts";
import { allOrNothing, emptyTensor, matrixOf } from "./tensors.ts";

/** Options of {@linkcode anomalyScore}. */
export type AnomalyOptions = Keyed & Labelled & {
  /**
   * - `"nll"` (default): the importance weighted bound of -log p(x) (Burda, Grosse and Salakhutdinov 2016, equation 8).
   * - `"reconstruction"`: -log p(x | z), its mean over the samples: the negative reconstruction probability of An and Cho,
   *   Variational Autoencoder based Anomaly Detection using Reconstruction Probability (2015), algorithm 4.
   */
  readonly method?: "nll" | "reconstruction" | undefined;
  /** k: samples of z an example, at least 1; default 50. Memory does not grow with it. */
  readonly samples?: number | undefined;
};

const METHODS = ["nll", "reconstruction"];

const OPTIONS: Names<AnomalyOptions> = { ...LABELLED, key: true, method: true, samples: true };

/**
 * Returns how strange examples are to a model: the higher, the less it expects them. Scores of one model compare with each
 * other, not with those of another one. A score depends on the example, the model and the options alone: sample s of every
 * example has the noise normal(foldIn(key, s), [1, Z]), wherever the example stands in the batch.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D], within the likelihood's support: in [0, 1] for `"bernoulli"`.
 * @param options `key`, `method`, `samples`, and `labels` if the model is conditional.
 * @returns The scores, float32 [B], in nats.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, `key` is not a key, or an option is unknown.
 * @throws {RangeError} If x, `method` or `samples` is out of range.
 * @throws {LossError} If the score of an example is not finite.
 *
 * @example
 * ```ts
 * import { anomalyScore, init, key, random, step, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const usual = tf.ones<tf.Rank.R2>([16, 6]), strange = tf.zeros<tf.Rank.R2>([1, 6]);
 * let state = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * for (let i = 0; i < 50; i++) [state] = step(state, usual, { key: key(i), donate: true });
 * const score = (x: tf.Tensor2D) => anomalyScore(state.params, x, { key: key(50) }).dataSync()[0];
 * assert(score(strange) > score(usual));
 * ```
 */
export function anomalyScore(params: Params, x: tf.Tensor2D, options: AnomalyOptions): tf.Owned<tf.Tensor1D> {
  const action = "Cannot score", { key, labels, method = "nll", samples = 50 } = checkOptions(action, options, OPTIONS);
  if (!METHODS.includes(method)) {
    const wanted = METHODS.map((name) => `"${name}"`).join(" or ");
    throw new RangeError(`${action}: expected method to be ${wanted}, got ${show(method)}`);
  }
  return allOrNothing(() =>
    withTerms(action, params, x, { key, labels, samples, objective: "iwae", sharedNoise: true }, (rt, terms) => {
      const scores = finite(`${action} x`, floats(rt.heap, method === "nll" ? terms.loss : terms.reconstruction));
      const result = emptyTensor<tf.Tensor1D>([scores.length]);
      floats(rt.heap, matrixOf(result)).set(scores);
      return result;
    })
  );
}
