import type { Params } from "./api/state.ts";
import type { Dataset } from "./data/dataset.ts";

/** Throws unless the data's examples are as wide as the model's. */
export function checkFit(action: string, params: Params, data: Dataset): void {
  const { input } = params.config;
  if (data.size === input) return;
  const { height, width, size } = data;
  throw new TypeError(`${action}: expected examples of ${input} values, got ${height} x ${width} = ${size}`);
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
