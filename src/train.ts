import { batch, checkBinarize } from "./api/batch.ts";
import type { Metrics } from "./api/loss.ts";
import { permutation } from "./api/random.ts";
import { checkState, type State } from "./api/state.ts";
import { trainStep } from "./api/step.ts";
import type { Owned } from "./backend/tf.ts";
import { checkFit, type EpochPlan, labelsAt, planEpoch } from "./batches.ts";
import { checkOptions, type Given, type Names } from "./checks/options.ts";
import { show } from "./checks/show.ts";
import type { Dataset } from "./data/dataset.ts";
import { type Course, evaluateTest } from "./course.ts";
import { type Evaluation, means, NONE, type Sums, withBatch } from "./evaluate.ts";
import { Pause } from "./pause.ts";
import { checkKey, foldIn, type Key } from "./random.ts";
import { resolveSchedule, valueAt } from "./schedule.ts";
import { unreached } from "./unreached.ts";
import { resolveObjective } from "./vae/objective.ts";

/** Options of {@linkcode train}. Exactly one of `epochs` and `untilEpoch` says how long it trains. */
export type TrainOptions = Course & {
  /** How many more epochs to train from where the state stands; at least 1. */
  readonly epochs?: number | undefined;
  /**
   * Up to which epoch to train, those included that `state.step` says are done, for runs that continue on the same data
   * with the same batch size; above what is done.
   */
  readonly untilEpoch?: number | undefined;
  /** Evaluated after each epoch, always with the same key: the averaged parameters, if the optimizer has `averageDecay`. */
  readonly test?: Dataset | undefined;
  /** The key of order, noise and binarization; default the state's own. */
  readonly key?: Key | undefined;
  /** Reuse the memory of the state that is given; any use of it then throws. Default false. */
  readonly donate?: boolean | undefined;
  /** With `untilEpoch`: the sums of the epoch in which `state` stands, if it was stopped within one. */
  readonly sums?: Sums | undefined;
  /** What asks to stop: the next event is then an error, the signal's reason, and the last event's state stays good. */
  readonly signal?: AbortSignal | undefined;
};

const OPTIONS: Names<TrainOptions> = {
  epochs: true,
  untilEpoch: true,
  batchSize: true,
  objective: true,
  samples: true,
  beta: true,
  freeBits: true,
  binarize: true,
  test: true,
  key: true,
  donate: true,
  sums: true,
  signal: true,
};

/** After each step: where training is. */
export type StepEvent = {
  readonly kind: "step";
  /** Valid until the next event is asked for, then donated to the next step; of the last event, the caller's. */
  readonly state: Owned<State>;
  /** From 1: of this call with `epochs`, of the whole training with `untilEpoch`. */
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
  /** Of the test set, by the same objective; `elbo` in nats stands beside its loss. */
  readonly test?: Evaluation | undefined;
  /** What of the schedules this training will not reach; see {@linkcode unreached}. */
  readonly warnings: readonly string[];
  /** Seconds of training, evaluation not counted. */
  readonly seconds: number;
  readonly examplesPerSecond: number;
};

/** Which purpose a key serves: folded into the training key before the number of the epoch or step; 3 is the test set's. */
const ORDER = 0, NOISE = 1, BINARIZE = 2, MORE = 4;

/** Where training begins and ends. */
type Span = {
  /** Epochs, from 0. */
  readonly from: number;
  readonly to: number;
  /** The step within the first epoch. */
  readonly first: number;
  /** `state.step` at the end. */
  readonly end: number;
  /** The key that an epoch's order comes from. */
  order(epoch: number): Key;
};

/** Checks how long to train, and from where. */
function spanOf(action: string, { step }: State, plan: EpochPlan, key: Key, options: TrainOptions): Span {
  const { epochs, untilEpoch, sums } = options, whole = Math.floor(step / plan.steps), within = step % plan.steps;
  const order = (epoch: number) => foldIn(foldIn(key, ORDER), epoch);
  const positive = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
  if ((epochs === undefined) === (untilEpoch === undefined)) {
    const got = epochs === undefined ? "neither" : "both";
    throw new TypeError(`${action}: expected one of the options epochs and untilEpoch, got ${got}`);
  }
  if (untilEpoch !== undefined) {
    if (!positive(untilEpoch)) {
      throw new RangeError(`${action}: expected untilEpoch to be a positive integer, got ${show(untilEpoch)}`);
    }
    if (untilEpoch * plan.steps <= step) {
      throw new RangeError(
        `${action}: expected untilEpoch above ${whole}, the epochs that ${step} steps of ${plan.steps} per epoch make, ` +
          `got ${untilEpoch}; the option epochs trains so many more`,
      );
    }
    return { from: whole, to: untilEpoch, first: within, end: untilEpoch * plan.steps, order };
  }
  if (!positive(epochs)) {
    throw new RangeError(`${action}: expected epochs to be a positive integer, got ${show(epochs)}`);
  }
  if (sums !== undefined) {
    throw new TypeError(`${action}: expected sums with the option untilEpoch alone, got them with epochs`);
  }
  // Three epochs and then two are the same as five. After other data, or within an epoch, orders are of their own.
  const own = within === 0
    ? (epoch: number) => order(whole + epoch)
    : (epoch: number) => foldIn(foldIn(foldIn(key, MORE), step), epoch);
  return { from: 0, to: epochs!, first: 0, end: step + epochs! * plan.steps, order: own };
}

/**
 * Trains a model: shuffles, makes batches, steps, evaluates. It neither prints nor writes; it yields what happened, and
 * stops when the caller asks for no more events. All randomness comes from `key` and the number of the step, so training
 * that continues from a saved state has the same bits as training that never stopped.
 *
 * Borrows the data and, unless it is donated, `state`; the state of the last event is the caller's, those before it are
 * reused.
 *
 * @param state Where to begin; `state.step` says how many steps led there.
 * @param data Training examples.
 * @param options `epochs` or `untilEpoch`, `batchSize`, `objective` with `samples`, `beta`, `freeBits`, and `binarize`,
 * `test`, `key`, `donate`, `sums`, `signal`.
 * @returns An async generator of one {@linkcode StepEvent} per step and one {@linkcode EpochEvent} per epoch.
 * @throws {TypeError} If the examples are not as wide as the model's, or lack the labels that a conditional one needs, or
 * an option is unknown or of the wrong type. It is thrown by the call itself, as is the next one.
 * @throws {RangeError} If an option is out of range, or there would be no step.
 * @throws {LossError} If the loss, or the state after a step, is not finite; the last event's state stays good.
 *
 * @example
 * ```ts
 * import { dataset, init, key, train } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(400).fill(255), count: 100, height: 2, width: 2 });
 * const losses: number[] = [];
 * for await (const event of train(init({ input: 4, latent: 2 }, { key: key(0) }), data, { epochs: 3, batchSize: 32 })) {
 *   if (event.kind === "epoch") losses.push(event.train.loss);
 * }
 * assert(losses[2] < losses[0]);
 * ```
 */
export function train(
  state: State,
  data: Dataset,
  options: TrainOptions,
): AsyncGenerator<StepEvent | EpochEvent, void, void> {
  const action = "Cannot train", moved = { batch: "batchSize", examples: "nothing: the data say it" };
  checkOptions(action, options, OPTIONS, "options", moved);
  checkState(action, state);
  const { batchSize = 128, beta = 1, binarize = "none", test, objective, samples, freeBits } = options ?? {};
  const key = options.key ?? state.key;
  checkKey(action, key);
  checkFit(action, state.params, data, "data");
  if (test !== undefined) checkFit(action, state.params, test, "test");
  checkBinarize(action, binarize);
  if (typeof beta !== "number") resolveSchedule(action, beta);
  resolveObjective(action, { objective, samples, freeBits, beta: valueAt(beta, 0) });
  const plan = planEpoch(action, state.params.config, data.count, batchSize), pause = new Pause(action, options.signal);
  return run(
    state,
    data,
    { ...options, beta, binarize, key, batchSize },
    plan,
    spanOf(action, state, plan, key, options),
    pause,
  );
}

async function* run(
  state: State,
  data: Dataset,
  options: TrainOptions & Given<Pick<TrainOptions, "beta" | "binarize" | "key" | "batchSize">>,
  plan: EpochPlan,
  { from, to, first, end, order: orderKey }: Span,
  pause: Pause,
): AsyncGenerator<StepEvent | EpochEvent, void, void> {
  const { beta, binarize, key, batchSize, test, objective, samples, freeBits } = options;
  let sums = options.sums ?? NONE, step = first;
  const warnings = unreached({ schedule: state.optimizer.schedule, beta, steps: end });
  let current = state as Owned<State>, { donate = false } = options; // all states but the first are ours
  for (let epoch = from; epoch < to; epoch++, step = 0) {
    const order = permutation(orderKey(epoch), data.count);
    let seconds = 0, since = performance.now(), examples = 0;
    for (; step < plan.steps; step++) {
      pause.check();
      const indices = order.subarray(...plan.bounds(step));
      const x = batch(data, indices, { binarize, key: foldIn(foldIn(key, BINARIZE), current.step) });
      let metrics: Metrics;
      try {
        [current, metrics] = trainStep(current, x, {
          key: foldIn(foldIn(key, NOISE), current.step),
          beta: valueAt(beta, current.step),
          objective,
          samples,
          freeBits,
          labels: labelsAt(current.params, data, indices),
          donate,
          share: Math.min(1, indices.length / batchSize),
        });
      } finally {
        x.dispose();
      }
      donate = true;
      examples += indices.length;
      sums = withBatch(sums, indices.length, metrics);
      seconds += (performance.now() - since) / 1000;
      const seen = { examples: sums.examples, examplesPerEpoch: plan.count };
      yield { kind: "step", state: current, epoch: epoch + 1, ...seen, metrics, sums };
      await pause.take();
      since = performance.now();
    }
    yield {
      kind: "epoch",
      state: current,
      epoch: epoch + 1,
      step: current.step,
      train: means(sums),
      test: test && await evaluateTest(current, test, options),
      warnings,
      seconds,
      examplesPerSecond: examples / seconds,
    };
    sums = NONE;
  }
}
