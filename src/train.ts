import { batch } from "./api/batch.ts";
import { permutation } from "./api/random.ts";
import type { Owned } from "./backend/tf.ts";
import { checkState, finalParams, type State } from "./api/state.ts";
import type { Metrics } from "./api/loss.ts";
import { step } from "./api/step.ts";
import type { Dataset } from "./data/dataset.ts";
import { batches, checkBatch, checkFit, labelsAt } from "./batches.ts";
import { type Binarize, evaluate, type Evaluation, means, NONE, type Sums, withBatch } from "./evaluate.ts";
import { checkKey, foldIn, type Key } from "./random.ts";
import { resolveSchedule, type Schedule, valueAt } from "./schedule.ts";
import type { Objective } from "./vae/objective.ts";

/** Options of {@linkcode train}. */
export type TrainOptions = Partial<Pick<Objective, "objective" | "samples" | "freeBits">> & {
  /** Epochs in all, those that `state.step` says are done included; at least 0. */
  readonly epochs: number;
  /** Examples a step; default 128. A last short batch is trained on. */
  readonly batch?: number;
  /** Weight of the KL term, or a schedule of it by `state.step`, as for a warm-up; default 1. */
  readonly beta?: number | Schedule;
  /** `"dynamic"` draws each pixel as 0 or 1 anew at each step; default `"none"`. */
  readonly binarize?: Binarize;
  /**
   * Evaluated after each epoch, always with the same key: with `beta` if it is a number, with 1 if it is a schedule; the
   * averaged parameters, if the optimizer has `averageDecay`.
   */
  readonly test?: Dataset;
  /** The key of order, noise and binarization; default the state's own. */
  readonly key?: Key;
  /** Reuse the memory of the state that is given; any use of it then throws. Default false. */
  readonly donate?: boolean;
  /** The sums of the epoch in which `state` stands, if it was stopped within one. */
  readonly sums?: Sums;
};

/** After each step: where training is. */
export type StepEvent = {
  readonly kind: "step";
  /** Valid until the next event is asked for, then donated to the next step; of the last event, the caller's. */
  readonly state: Owned<State>;
  /** From 1. */
  readonly epoch: number;
  /** Examples seen in this epoch, and in a whole one. */
  readonly examples: number;
  readonly examplesPerEpoch: number;
  /** Of this batch. */
  readonly metrics: Metrics;
  readonly sums: Sums;
};

/** After each epoch: means over it, each example measured as it was trained on, and over the test set. */
export type EpochEvent = {
  readonly kind: "epoch";
  readonly state: Owned<State>;
  readonly epoch: number;
  readonly step: number;
  readonly train: Metrics;
  readonly test?: Evaluation;
  /** Seconds of training, evaluation not counted. */
  readonly seconds: number;
  readonly examplesPerSecond: number;
};

/** Which purpose a key serves: folded into the training key before the number of the epoch or step. */
const ORDER = 0, NOISE = 1, BINARIZE = 2, TEST = 3;

/** The key with which training evaluates: with it, `evaluate` gives the same figures again. */
export function testKey(key: Key): Key {
  return foldIn(key, TEST);
}

/**
 * Milliseconds after which the loop lets others run: signals, timers, a server. A timer takes two milliseconds in Deno;
 * setImmediate takes none, but signals are not heard in it.
 */
const BREATH = 200;

/**
 * Trains a model: shuffles, cuts batches, steps, evaluates. It neither prints nor writes; it yields what happened, and
 * stops when nobody asks for more. All randomness comes from `key` and the number of the step, so training that goes on
 * from a saved state gives the same bits as training that never stopped.
 *
 * Borrows the data and, unless it is donated, `state`; the state of the last event is the caller's, those before it are reused.
 *
 * @param state Where to begin; `state.step` says how far it is.
 * @param data Training examples.
 * @param options `epochs`, and `batch`, `beta`, `binarize`, `test`, `key`, `sums`.
 * @returns An async generator of a {@linkcode StepEvent} a step and an {@linkcode EpochEvent} an epoch.
 * @throws {TypeError} If the examples are not as wide as the model's, or lack the labels that a conditional one needs.
 * @throws {RangeError} If an option is out of range.
 * @throws {LossError} If the loss is not finite.
 *
 * @example
 * ```ts
 * import { dataset, init, key, train } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(400).fill(255), count: 100, height: 2, width: 2 });
 * const losses: number[] = [];
 * for await (const event of train(init({ input: 4, latent: 2 }, { key: key(0) }), data, { epochs: 3, batch: 32 })) {
 *   if (event.kind === "epoch") losses.push(event.train.loss);
 * }
 * assert(losses[2] < losses[0]);
 * ```
 */
export async function* train(
  state: State,
  data: Dataset,
  options: TrainOptions,
): AsyncGenerator<StepEvent | EpochEvent, void, void> {
  const action = "Cannot train", { epochs, batch: size = 128, beta = 1, binarize = "none", test } = options;
  const { objective, samples, freeBits } = options;
  const key = options.key ?? state?.key;
  checkState(action, state);
  checkKey(action, key);
  checkBatch(action, size);
  checkFit(action, state.params, data);
  if (test) checkFit(action, state.params, test);
  if (typeof beta !== "number") resolveSchedule(action, beta);
  if (!Number.isSafeInteger(epochs) || epochs < 0) {
    throw new RangeError(`${action}: expected epochs to be an integer of at least 0, got ${epochs}`);
  }
  const stepsPerEpoch = Math.ceil(data.count / size), testBeta = typeof beta === "number" ? beta : 1;
  let sums = options.sums ?? NONE;
  let current = state as Owned<State>, { donate = false } = options; // all states but the first are ours
  for (let epoch = Math.floor(current.step / stepsPerEpoch); epoch < epochs; epoch++) {
    const order = permutation(foldIn(foldIn(key, ORDER), epoch), data.count);
    let seconds = 0, since = performance.now(), breath = since, examples = 0;
    for (const indices of batches(order.subarray((current.step - epoch * stepsPerEpoch) * size), size)) {
      const noise = foldIn(foldIn(key, NOISE), current.step);
      const bits = binarize === "dynamic" ? foldIn(foldIn(key, BINARIZE), current.step) : undefined;
      const x = batch(data, indices, { binarize: bits });
      let metrics: Metrics;
      try {
        const options = {
          key: noise,
          beta: valueAt(beta, current.step),
          objective,
          samples,
          freeBits,
          examples: data.count,
          labels: labelsAt(current.params, data, indices),
          donate,
        };
        [current, metrics] = step(current, x, options);
      } finally {
        x.dispose();
      }
      donate = true;
      examples += indices.length;
      sums = withBatch(sums, indices.length, metrics);
      seconds += (performance.now() - since) / 1000;
      yield {
        kind: "step",
        state: current,
        epoch: epoch + 1,
        examples: sums.examples,
        examplesPerEpoch: data.count,
        metrics,
        sums,
      };
      if (performance.now() - breath > BREATH) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breath = performance.now();
      }
      since = performance.now();
    }
    yield {
      kind: "epoch",
      state: current,
      epoch: epoch + 1,
      step: current.step,
      train: means(sums),
      test: test && evaluate(finalParams(current), test, { key: testKey(key), beta: testBeta, binarize }),
      seconds,
      examplesPerSecond: examples / seconds,
    };
    sums = NONE;
  }
}
