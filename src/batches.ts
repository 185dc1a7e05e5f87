import type { Params } from "./api/state.ts";
import type { Dataset } from "./data/dataset.ts";

/**
 * Throws unless the data's examples are as wide as the model's and, where the model is conditional, have labels that it
 * knows.
 */
export function checkFit(action: string, params: Params, data: Dataset): void {
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

/** The labels of some examples of data that fits, for a conditional model; none for another. */
export function labelsAt(params: Params, data: Dataset, indices: Uint32Array): Uint8Array | undefined {
  return params.config.classes === 0 ? undefined : Uint8Array.from(indices, (i) => data.labels![i]);
}

/** The indices of consecutive batches over `order`; a last short one is kept. */
export function* batches<T extends { readonly length: number; subarray(from: number, to: number): T }>(
  order: T,
  size: number,
): Generator<T> {
  for (let i = 0; i < order.length; i += size) yield order.subarray(i, Math.min(i + size, order.length));
}

/** Throws unless `size` is a positive integer. */
export function checkBatch(action: string, size: number): void {
  if (Number.isSafeInteger(size) && size > 0) return;
  throw new RangeError(`${action}: expected batch to be a positive integer, got ${size}`);
}
