import type { Binarize } from "./api/batch.ts";
import { finalParams, type State } from "./api/state.ts";
import type { Optional } from "./checks/options.ts";
import type { Dataset } from "./data/dataset.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { foldIn, type Key } from "./random.ts";
import { type Schedule, valueAt } from "./schedule.ts";
import type { Objective } from "./vae/objective.ts";

/** What `train` minimizes, and what the test set is measured by. */
export type Course = Optional<Pick<Objective, "objective" | "samples" | "freeBits">> & {
  /** Weight of the KL term, or a schedule of it by `state.step`, as for a warm-up; default 1. */
  readonly beta?: number | Schedule | undefined;
  /** Examples per step; default 128. A last short batch is trained on, too. */
  readonly batchSize?: number | undefined;
  /** `"dynamic"` draws each pixel as 0 or 1 at each step; default `"none"`. */
  readonly binarize?: Binarize | undefined;
};

/** Which purpose the test set's key serves, beside those of `train`. */
const TEST = 3;

/** The key with which training evaluates: with it, `evaluate` gives the same figures again. */
export function testKey(key: Key): Key {
  return foldIn(key, TEST);
}

/**
 * Measures a test set as `train` does after an epoch: by the objective that was trained with, where a schedule of `beta`
 * counts with its value at the last step. An objective that is estimated from batches is measured in batches of the
 * training's size, so that both losses are of one quantity.
 *
 * @param state The state after the epoch.
 * @param test The test set.
 * @param course The options of `train`, and its `key` if that is not the state's own.
 * @returns As {@linkcode evaluate}.
 */
export function evaluateTest(
  state: State,
  test: Dataset,
  course: Course & { readonly key?: Key | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Evaluation> {
  const { objective, samples, freeBits = 0, beta = 1, binarize, batchSize = 128, key = state.key, signal } = course;
  const loss = { objective, samples, freeBits, beta: valueAt(beta, Math.max(0, state.step - 1)) };
  const size = objective === "beta-tc" || freeBits > 0 ? batchSize : undefined;
  return evaluate(finalParams(state), test, { key: testKey(key), binarize, loss, batchSize: size, signal });
}
