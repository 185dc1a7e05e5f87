import { batch } from "./api/batch.ts";
import type { Metrics } from "./api/loss.ts";
import { measure, negativeLogLikelihood } from "./api/measure.ts";
import { type Keyed, keyOf, type Params } from "./api/state.ts";
import { batches, checkBatch, checkFit, labelsAt } from "./batches.ts";
import type { Dataset } from "./data/dataset.ts";
import { CodeUse } from "./latent.ts";
import { foldIn } from "./random.ts";
import { resolveObjective } from "./vae/objective.ts";

/** Whether pixels are probabilities of 0 and 1, drawn anew each time they are seen. */
export type Binarize = "none" | "dynamic";

/** What a mean is made of so far; kept with a checkpoint, it lets an epoch that was cut off end as planned. */
export type Sums = {
  readonly examples: number;
  /** Of each example as it was seen: the weight of the KL may change within an epoch. */
  readonly loss: number;
  readonly reconstruction: number;
  readonly kl: number;
};

/** Sums over no example. */
export const NONE: Sums = { examples: 0, loss: 0, reconstruction: 0, kl: 0 };

/** Sums with the means of `n` more examples. */
export function withBatch(sums: Sums, n: number, { loss, reconstruction, kl }: Metrics): Sums {
  return {
    examples: sums.examples + n,
    loss: sums.loss + n * loss,
    reconstruction: sums.reconstruction + n * reconstruction,
    kl: sums.kl + n * kl,
  };
}

/** The means that sums give. */
export function means({ examples, loss, reconstruction, kl }: Sums): Metrics {
  return { loss: loss / examples, reconstruction: reconstruction / examples, kl: kl / examples };
}

/** Options of {@linkcode evaluate}. */
export type EvaluateOptions = Keyed & {
  /**
   * k: measure -log p(x), too, with so many samples of z an example, at least 1. Memory does not grow with k, time does:
   * papers use 5000.
   */
  readonly samples?: number;
  /** Weight of the KL in `loss`, at least 0; default 1. Nothing else depends on it. */
  readonly beta?: number;
  /** `"dynamic"` draws each pixel as 0 or 1, the same way for the same key; default `"none"`. */
  readonly binarize?: Binarize;
  /** Examples at a time; default 1000. It decides which random numbers an example gets, and nothing else. */
  readonly batch?: number;
};

/** How well a model does on a dataset: means over its examples, in nats per example. */
export type Evaluation = Metrics & {
  /**
   * The evidence lower bound of log p(x) by one sample of z an example, -(reconstruction + kl), whatever `beta` is
   * (Kingma and Welling 2014, equation 7).
   */
  readonly elbo: number;
  /**
   * Of `elbo`: the sample standard deviation over the examples, divided by the square root of their number; the noise of
   * z is part of it. NaN for a single example.
   */
  readonly elboStandardError: number;
  /**
   * With `samples`: the importance-sampled -log p(x), -log 1/k sum over s of p(x, z_s) / q(z_s | x), z_s ~ q(z | x). In the
   * mean it is above -log p(x), and falls towards it as k grows (Burda, Grosse and Salakhutdinov 2016, theorem 1).
   */
  readonly nll?: number;
  /** Of `nll`, as of `elbo`. */
  readonly nllStandardError?: number;
  /** k, of `nll`. */
  readonly samples?: number;
  /** [Z]: the KL of each dimension of the code, whose sum is `kl` but for rounding. */
  readonly klByDimension: readonly number[];
  /** How many dimensions of the code have Var_x(E[z_j | x]) > 0.01 (Burda et al. 2016, section 5.2). */
  readonly activeUnits: number;
};

/** Which purpose a key serves: folded into the key of the batch. */
const NOISE = 0, BINARIZE = 1, IMPORTANCE = 2;

/** The standard error of the mean of a sample, from its sample standard deviation. */
function standardError(values: Float64Array): number {
  const n = values.length, mean = sum(values) / n;
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (n - 1) / n);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * {@linkcode evaluate}, a batch at a time.
 *
 * @returns A generator that yields how many examples are measured so far, and gives what `evaluate` does.
 */
export function* evaluation(
  params: Params,
  data: Dataset,
  options: EvaluateOptions,
): Generator<number, Evaluation, void> {
  const action = "Cannot evaluate", { beta, binarize = "none", batch: size = 1000, samples } = options;
  const key = keyOf(action, options);
  checkBatch(action, size);
  checkFit(action, params, data);
  if (samples !== undefined) resolveObjective(action, { objective: "iwae", samples });
  const n = data.count, elbos = new Float64Array(n), nlls = new Float64Array(n);
  const use = new CodeUse(params.config.latent);
  let sums = NONE, i = 0;
  for (const indices of batches(Uint32Array.from({ length: n }, (_, j) => j), size)) {
    const at = sums.examples, batchKey = foldIn(key, i++), labels = labelsAt(params, data, indices);
    using x = batch(data, indices, { binarize: binarize === "dynamic" ? foldIn(batchKey, BINARIZE) : undefined });
    const { metrics, ...each } = measure(action, params, x, { key: foldIn(batchKey, NOISE), beta, labels });
    sums = withBatch(sums, indices.length, metrics);
    each.kl.forEach((kl, b) => elbos[at + b] = -each.reconstruction[b] - kl);
    use.add(each.mean, each.logVar);
    if (samples !== undefined) {
      nlls.set(negativeLogLikelihood(action, params, x, { key: foldIn(batchKey, IMPORTANCE), samples, labels }), at);
    }
    yield sums.examples;
  }
  const metrics = means(sums), { kl, activeUnits } = use.statistics();
  return {
    ...metrics,
    elbo: -(metrics.reconstruction + metrics.kl),
    elboStandardError: standardError(elbos),
    ...samples !== undefined && { nll: sum(nlls) / n, nllStandardError: standardError(nlls), samples },
    klByDimension: [...kl],
    activeUnits,
  };
}

/**
 * How well a model does on a dataset: its loss and the terms of it, the ELBO with its standard error, what the code is used
 * for and, with `samples`, the importance-sampled log-likelihood. One pass through the data.
 *
 * A conditional model takes the labels of the data. For `"bernoulli"` only binary pixels have a log-likelihood: the
 * figures of gray ones (`binarize: "none"`) are cross-entropies and compare with nothing else.
 *
 * @param params A model's parameters.
 * @param data The dataset; all of it is used.
 * @param options `key`, `samples`, `beta`, `binarize`, `batch`.
 * @returns Nats per example; the same for the same options.
 * @throws {TypeError} If the examples are not as wide as the model's, or lack the labels that it needs.
 * @throws {RangeError} If an option is out of range.
 * @throws {LossError} If a measure is not finite.
 *
 * @example
 * ```ts
 * import { dataset, evaluate, init, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(12).fill(255), count: 3, height: 2, width: 2 });
 * const { params } = init({ input: 4, hidden: [5], latent: 2 }, { key: key(0) });
 * const { elbo, nll, klByDimension } = evaluate(params, data, { key: key(1), samples: 100 });
 * assert(elbo < 0 && nll! > 0 && klByDimension.length === 2);
 * ```
 */
export function evaluate(params: Params, data: Dataset, options: EvaluateOptions): Evaluation {
  const steps = evaluation(params, data, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
