import { batch, type Binarize, checkBinarize } from "./api/batch.ts";
import type { Metrics } from "./api/loss.ts";
import { ImportanceLoss, measure, type SampledOptions } from "./api/measure.ts";
import { type Keyed, keyOf, type Params } from "./api/state.ts";
import { batches, checkBatchSize, checkFit, labelsAt } from "./batches.ts";
import { checkOptions, type Names, type Optional } from "./checks/options.ts";
import { show } from "./checks/show.ts";
import type { Dataset } from "./data/dataset.ts";
import { CodeUse } from "./latent.ts";
import { Pause } from "./pause.ts";
import { foldIn } from "./random.ts";
import { OBJECTIVE, type Objective, OLD_OBJECTIVE, resolveObjective, weighted } from "./vae/objective.ts";

export type { Binarize };

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
   * k: measure -log p(x), too, with k samples of z per example, at least 1. Memory does not grow with k, time does: papers
   * use 5000.
   */
  readonly samples?: number | undefined;
  /**
   * The objective that `loss` of the result measures, such as the one that a model is trained with; default the ELBO.
   * Nothing else of the result depends on it.
   */
  readonly loss?: Optional<Objective> | undefined;
  /** `"dynamic"` draws each pixel as 0 or 1, the same way for the same key; default `"none"`. */
  readonly binarize?: Binarize | undefined;
  /**
   * Examples at a time; default 1000. It decides which random numbers an example gets; an objective that is estimated from
   * batches, `"beta-tc"` or one with `freeBits`, also depends on it.
   */
  readonly batchSize?: number | undefined;
  /** What asks to stop: the returned promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
};

const OPTIONS: Names<EvaluateOptions> = {
  key: true,
  samples: true,
  loss: true,
  binarize: true,
  batchSize: true,
  signal: true,
  onProgress: true,
};

/** How well a model does on a dataset: means over its examples, in nats per example. */
export type Evaluation = Metrics & {
  /**
   * The evidence lower bound of log p(x) by one sample of z per example, -(reconstruction + kl), whatever the option `loss`
   * is (Kingma and Welling 2014, equation 7).
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
  readonly nll?: number | undefined;
  /** Of `nll`, as of `elbo`. */
  readonly nllStandardError?: number | undefined;
  /** k, of `nll`. */
  readonly samples?: number | undefined;
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
 * Measures how well a model does on a dataset: its loss and the terms of it, the ELBO with its standard error, what the
 * code is used for and, with `samples`, the importance-sampled log-likelihood. One pass through the data, in which others
 * may run about ten times per second.
 *
 * A conditional model takes the labels of the data. For `"bernoulli"` only binary pixels have a log-likelihood: the
 * figures of gray ones (`binarize: "none"`) are cross-entropies and compare with nothing else.
 *
 * @param params A model's parameters; they must not be disposed of before the promise is settled.
 * @param data The dataset; all of it is used.
 * @param options `key`, `samples`, `loss`, `binarize`, `batchSize`, `signal`, `onProgress`.
 * @returns Nats per example; the same for the same options.
 * @throws {TypeError} If the examples are not as wide as the model's, or lack the labels that it needs, or an option is
 * unknown or of the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {LossError} If a measure of an example is not finite; the message names the example.
 *
 * @example
 * ```ts
 * import { dataset, evaluate, init, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(12).fill(255), count: 3, height: 2, width: 2 });
 * const { params } = init({ input: 4, hidden: [5], latent: 2 }, { key: key(0) });
 * const { elbo, nll, klByDimension } = await evaluate(params, data, { key: key(1), samples: 100 });
 * assert(elbo < 0 && nll! > 0 && klByDimension.length === 2);
 * ```
 */
export async function evaluate(params: Params, data: Dataset, options: EvaluateOptions): Promise<Evaluation> {
  const action = "Cannot evaluate";
  checkOptions(action, options, OPTIONS, "options", {
    batch: "batchSize",
    beta: "loss: { beta }",
    objective: "loss: { objective }",
    freeBits: "loss: { freeBits }",
  });
  const key = keyOf(action, options), { binarize = "none", batchSize = 1000, samples, signal, onProgress } = options;
  const objective = resolveObjective(action, checkOptions(action, options.loss, OBJECTIVE, "loss", OLD_OBJECTIVE));
  checkBinarize(action, binarize);
  checkBatchSize(action, batchSize);
  checkFit(action, params, data);
  if (samples !== undefined) resolveObjective(action, { objective: "iwae", samples });
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(`${action}: expected onProgress to be a function, got ${show(onProgress)}`);
  }
  const pause = new Pause(action, signal), n = data.count, elbos = new Float64Array(n), nlls = new Float64Array(n);
  const use = new CodeUse(params.config.latent), own = weighted(objective) ? {} : objective;
  let sums = NONE, i = 0;
  pause.check();
  for (const indices of batches(n, batchSize)) {
    const at = sums.examples, batchKey = foldIn(key, i++), labels = labelsAt(params, data, indices);
    using x = batch(data, indices, { binarize, key: foldIn(batchKey, BINARIZE) });
    const noise = { key: foldIn(batchKey, NOISE), labels };
    const { metrics, ...each } = measure(action, params, x, { ...noise, ...own }, at);
    each.kl.forEach((kl, b) => elbos[at + b] = -each.reconstruction[b]! - kl);
    use.add(each.mean, each.logVar);
    // What is weighted by importance has samples of its own, whose number may be large: others run between a few of them.
    const passes = (weighted(objective) ? 1 : 0) + (samples === undefined ? 0 : 1);
    let passed = 0;
    const importance = async (what: string, options: Pick<SampledOptions, "key" | "samples" | "beta">) => {
      const estimate = new ImportanceLoss(action, params, x, { ...options, labels, first: at });
      while (estimate.advance()) {
        onProgress?.((at + (passed + estimate.done) / passes * indices.length) / n);
        await pause.take();
      }
      passed++;
      return Float64Array.from(estimate.values(what));
    };
    let { loss } = metrics;
    if (weighted(objective)) loss = sum(await importance("loss", { ...objective, key: noise.key })) / indices.length;
    if (samples !== undefined) {
      nlls.set(await importance("-log p(x)", { key: foldIn(batchKey, IMPORTANCE), samples }), at);
    }
    sums = withBatch(sums, indices.length, { ...metrics, loss });
    onProgress?.(sums.examples / n);
    await pause.take();
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
