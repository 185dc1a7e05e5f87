/** How a dataset is cut into batches, and whether a dataset fits a model. */
import { checkDataset } from "./api/batch.ts";
import { checkParams, type Params } from "./api/state.ts";
import { show } from "./checks/show.ts";
import type { Dataset } from "./data/dataset.ts";
import { type Config, hasBatchNorm } from "./vae/config.ts";

/**
 * Throws unless the data's examples are as wide as the model's and, where the model is conditional, have labels that it
 * knows.
 */
export function checkFit(action: string, params: Params, data: Dataset, what = "data"): void {
  checkParams(action, params);
  checkDataset(action, data, what);
  const { input, classes } = params.config, { height, width, size, count, labels } = data;
  if (size !== input) {
    throw new TypeError(`${action}: expected examples of ${input} values, got ${height} x ${width} = ${size}`);
  }
  if (classes === 0) return;
  if (!labels) {
    throw new TypeError(
      `${action}: expected data with labels, since the model has ${classes} classes, got data without; ` +
        `give them to dataset({ …, labels })`,
    );
  }
  if (labels.length !== count) throw new TypeError(`${action}: expected ${count} labels, got ${labels.length}`);
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new RangeError(`${action}: expected labels in [0, ${classes}), got ${labels[wrong]} at ${wrong}`);
  }
}

/** Returns the labels of some examples of data that fits, for a conditional model; none for another. */
export function labelsAt(params: Params, data: Dataset, indices: Uint32Array): Uint8Array | undefined {
  const { labels } = data;
  return params.config.classes === 0 || !labels ? undefined : Uint8Array.from(indices, (i) => labels[i]!);
}

/** Throws unless `size` is a positive integer. */
export function checkBatchSize(action: string, size: number): void {
  if (Number.isSafeInteger(size) && size > 0) return;
  throw new RangeError(`${action}: expected batchSize to be a positive integer, got ${show(size)}`);
}

/** Returns the indices of consecutive batches over all examples; a last short batch is kept. */
export function* batches(count: number, size: number): Generator<Uint32Array> {
  for (let from = 0; from < count; from += size) {
    yield Uint32Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
  }
}

/** The steps of one epoch of training, and the examples that each of them takes. */
export type EpochPlan = {
  /** Examples in an epoch. */
  readonly count: number;
  /** Steps in an epoch. */
  readonly steps: number;
  /**
   * Returns the share of the epoch's order that a step takes.
   *
   * @param step The step within the epoch, from 0 to `steps`.
   * @returns The first example, and the first one after it; of `steps`, `[count, count]`.
   */
  bounds(step: number): readonly [from: number, to: number];
};

/**
 * Returns how an epoch is cut into steps: batches of one size, of which the last may be shorter. Where that last batch had
 * a single example and the model has batch normalization, the batch before takes it along, since a single example has no
 * variance to normalize by.
 *
 * @param action What cannot be done otherwise.
 * @param config The model's architecture.
 * @param count Examples in the dataset, at least 1.
 * @param batchSize Examples per step.
 * @throws {RangeError} If the batch size is no positive integer, or leaves batches of one to batch normalization.
 */
export function planEpoch(action: string, config: Config, count: number, batchSize: number): EpochPlan {
  checkBatchSize(action, batchSize);
  const whole = Math.ceil(count / batchSize), normalized = hasBatchNorm(config);
  if (normalized && (batchSize === 1 || count === 1)) {
    const got = count === 1 ? "one example" : "batchSize 1";
    throw new RangeError(`${action}: expected at least two examples per batch for batch normalization, got ${got}`);
  }
  const steps = normalized && count % batchSize === 1 ? whole - 1 : whole;
  return {
    count,
    steps,
    bounds: (step) => [
      step >= steps ? count : step * batchSize,
      step >= steps - 1 ? count : (step + 1) * batchSize,
    ],
  };
}
