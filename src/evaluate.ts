import { batch } from "./api/batch.ts";
import type { Params } from "./api/state.ts";
import { loss, type LossOptions, type Metrics } from "./api/loss.ts";
import { batches, checkBatch, checkFit } from "./batches.ts";
import type { Dataset } from "./data/dataset.ts";
import { foldIn } from "./random.ts";

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
export type EvaluateOptions = LossOptions & {
  /** `"dynamic"` draws each pixel as 0 or 1, the same way for the same key; default `"none"`. */
  readonly binarize?: Binarize;
  /** Examples at a time; default 1000. It decides which random numbers an example gets, and nothing else. */
  readonly batch?: number;
};

/**
 * The mean loss over a dataset and its terms: the negative ELBO by one sample of z an example.
 *
 * @param params A model's parameters.
 * @param data The dataset; all of it is used.
 * @param options `key`, `beta`, `binarize`, `batch`.
 * @returns Nats per example.
 * @throws {TypeError} If the examples are not as wide as the model's.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { dataset, evaluate, init, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(12).fill(255), count: 3, height: 2, width: 2 });
 * const { params } = init({ input: 4, hidden: [5], latent: 2 }, { key: key(0) });
 * assert(evaluate(params, data, { key: key(1) }).loss > 0);
 * ```
 */
export function evaluate(params: Params, data: Dataset, options: EvaluateOptions): Metrics {
  const action = "Cannot evaluate", { key, beta = 1, binarize = "none", batch: size = 1000 } = options;
  checkBatch(action, size);
  checkFit(action, params, data);
  let sums = NONE, i = 0;
  for (const indices of batches(Uint32Array.from({ length: data.count }, (_, j) => j), size)) {
    const batchKey = foldIn(key, i++);
    const x = batch(data, indices, { binarize: binarize === "dynamic" ? foldIn(batchKey, 1) : undefined });
    try {
      sums = withBatch(sums, indices.length, loss(params, x, { key: foldIn(batchKey, 0), beta }));
    } finally {
      x.dispose();
    }
  }
  return means(sums);
}
