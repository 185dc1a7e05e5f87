import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import type { Matrix } from "../kernels/heap.ts";
import * as checks from "../vae/checks.ts";
import type { Labelled } from "../vae/checks.ts";
import type { Config } from "../vae/config.ts";
import type { Batch, Model } from "../vae/network.ts";
import { checkParams, type Params } from "./state.ts";
import { checkTensor } from "./tensors.ts";

export type { Labelled };

/** A model's bytes, checked. */
export function modelOf(action: string, params: Params): Model {
  return { params: checkParams(action, params), config: params.config };
}

/**
 * The bytes of a batch of examples, after checks of shape, dtype, values and labels; for the caller's arena scope.
 *
 * @param what What cannot be done, and to what, such as `Cannot encode x`.
 */
export function batchOf(what: string, config: Config, x: tf.Tensor2D, { labels }: Labelled): Batch {
  const m = checkTensor(what, x, ["B", config.input]);
  checkSupport(what, m, config);
  return { x: m, labels: labelsOf(what, config, labels, m.rows) };
}

/** Throws a `RangeError` unless the model's likelihood has all values in its support. */
export function checkSupport(what: string, x: Matrix, config: Config): void {
  checks.checkSupport(runtime(), what, x, config);
}

/** Throws a `RangeError` unless all values are within the bounds; without bounds, unless they are finite. */
export function checkValues(what: string, m: Matrix, low?: number, high?: number, why?: string): void {
  checks.checkValues(runtime(), what, m, low, high, why);
}

/** Labels as int32 in the arena; none for a model that is not conditional. */
export function labelsOf(what: string, config: Config, labels: Labelled["labels"], B: number): number | undefined {
  return checks.labelsIn(runtime(), what, config, labels, B);
}
