/**
 * Schedules: numbers that change from step to step, such as a factor on the learning rate or the weight of the KL term.
 * A schedule is a plain frozen object, which JSON keeps as it is; a number is one that never changes.
 *
 * @module
 */

import { checkOptions, type Names } from "./checks/options.ts";
import { show } from "./checks/show.ts";

/** A number by step; made by {@linkcode cosine}, {@linkcode stepwise}, {@linkcode linear} or {@linkcode cyclical}. */
export type Schedule =
  | { readonly kind: "cosine"; readonly steps: number; readonly warmup: number; readonly end: number }
  | { readonly kind: "stepwise"; readonly boundaries: readonly number[]; readonly factors: readonly number[] }
  | { readonly kind: "linear"; readonly from: number; readonly to: number; readonly steps: number }
  | {
    readonly kind: "cyclical";
    readonly period: number;
    readonly ramp: number;
    readonly from: number;
    readonly to: number;
  };

/** Options of {@linkcode cosine}. */
export type CosineOptions = {
  readonly steps: number;
  readonly warmup?: number | undefined;
  readonly end?: number | undefined;
};

/** Options of {@linkcode stepwise}: one factor for all boundaries, or a value for each piece. */
export type StepwiseOptions =
  | { readonly boundaries: readonly number[]; readonly factor: number }
  | { readonly boundaries: readonly number[]; readonly factors: readonly number[] };

/** Options of {@linkcode linear}. */
export type LinearOptions = {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly steps: number;
};

/** Options of {@linkcode cyclical}. */
export type CyclicalOptions = {
  readonly period: number;
  readonly ramp?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** The settings of each kind, besides `kind`. */
const OPTIONS: {
  readonly cosine: Names<CosineOptions>;
  readonly stepwise: Names<{ boundaries: unknown; factor: unknown; factors: unknown }>;
  readonly linear: Names<LinearOptions>;
  readonly cyclical: Names<CyclicalOptions>;
} = {
  cosine: { steps: true, warmup: true, end: true },
  stepwise: { boundaries: true, factor: true, factors: true },
  linear: { from: true, to: true, steps: true },
  cyclical: { period: true, ramp: true, from: true, to: true },
};

/** How the errors of the functions that make schedules begin. */
const ACTION = "Cannot make a schedule";

/** Throws a `RangeError` that names the field unless it is good; `said` is the description of what was got. */
type Check = (field: string, good: boolean, wanted: string, got: unknown, said?: string) => void;

/** What makes a schedule of each kind from checked options. */
const MAKERS = {
  cosine({ steps, warmup = 0, end = 0 }: CosineOptions, check: Check): Schedule {
    check("steps", isCount(steps), COUNT, steps);
    check("warmup", warmup === 0 || isCount(warmup), "an integer of at least 0", warmup);
    check(
      "warmup",
      warmup <= steps,
      `at most its ${steps} steps`,
      warmup,
      `${show(warmup)}: a schedule that ends before it starts`,
    );
    check("end", isAmount(end), AMOUNT, end);
    return { kind: "cosine", steps, warmup, end };
  },
  stepwise(options: StepwiseOptions, check: Check): Schedule {
    const { boundaries } = options, list = Array.isArray(boundaries) ? [...boundaries] : [];
    const ascending = list.length > 0 && list.every((step, i) => isCount(step) && (i === 0 || step > list[i - 1]));
    check("boundaries", ascending, "ascending positive integers", boundaries);
    if ("factor" in options) {
      const { factor } = options, factors = [1];
      check("factor", isAmount(factor), AMOUNT, factor);
      check("factors", !("factors" in options), "missing where there is a factor", "both", "both");
      for (const _ of list) factors.push(factors.at(-1)! * factor);
      check("factor", factors.every(isAmount), "such that all its powers are finite", factor);
      return { kind: "stepwise", boundaries: Object.freeze(list), factors: Object.freeze(factors) };
    }
    const factors = Array.isArray(options.factors) ? [...options.factors] : [];
    const wanted = `${list.length + 1} finite numbers of at least 0, one more than boundaries`;
    check("factors", factors.length === list.length + 1 && factors.every(isAmount), wanted, options.factors);
    return { kind: "stepwise", boundaries: Object.freeze(list), factors: Object.freeze(factors) };
  },
  linear({ from = 0, to = 1, steps }: LinearOptions, check: Check): Schedule {
    check("from", isAmount(from), AMOUNT, from);
    check("to", isAmount(to), AMOUNT, to);
    check("steps", isCount(steps), COUNT, steps);
    return { kind: "linear", from, to, steps };
  },
  cyclical({ period, ramp = 0.5, from = 0, to = 1 }: CyclicalOptions, check: Check): Schedule {
    check("period", isCount(period), COUNT, period);
    check("ramp", typeof ramp === "number" && ramp > 0 && ramp <= 1, "above 0 and at most 1", ramp);
    check("from", isAmount(from), AMOUNT, from);
    check("to", isAmount(to), AMOUNT, to);
    return { kind: "cyclical", period, ramp, from, to };
  },
} satisfies Record<Schedule["kind"], unknown>;

const COUNT = "a positive integer", AMOUNT = "a finite number of at least 0";

function isCount(x: unknown): boolean {
  return Number.isSafeInteger(x) && (x as number) > 0;
}

/** Finite also as the float32 that kernels get. */
function isAmount(x: unknown): boolean {
  return typeof x === "number" && x >= 0 && Math.fround(x) < Infinity;
}

function make<K extends Schedule["kind"]>(action: string, kind: K, options: Parameters<typeof MAKERS[K]>[0]): Schedule {
  const check: Check = (field, good, wanted, got, said = show(got)) => {
    if (!good) throw new RangeError(`${action}: expected ${field} of a ${kind} schedule to be ${wanted}, got ${said}`);
  };
  const settings = checkOptions(action, options as object | undefined, OPTIONS[kind], `a ${kind} schedule`);
  const maker = MAKERS[kind] as (options: unknown, check: Check) => Schedule;
  return Object.freeze(maker(settings, check));
}

/**
 * Half a cosine from 1 down to `end`, after a linear warm-up: Loshchilov and Hutter, SGDR (2017), equation 5, without
 * restarts. The warm-up is (step + 1) / (warmup + 1), so that no step is wasted on a rate of 0.
 *
 * @param options.steps The step from which on the value is `end`, a positive integer; the warm-up is part of them.
 * @param options.warmup The step whose value is 1, an integer from 0 (default) to `steps`.
 * @param options.end The value at the end, at least 0; default 0.
 * @returns The schedule.
 * @throws {RangeError} If an option is out of range; the message names it.
 *
 * @example
 * ```ts
 * import { schedule } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const factor = schedule.cosine({ steps: 100, warmup: 20 });
 * assert.deepEqual([0, 20, 60, 100].map((step) => schedule.valueAt(factor, step)), [1 / 21, 1, 0.5, 0]);
 * ```
 */
export function cosine(options: CosineOptions): Schedule {
  return make(ACTION, "cosine", options);
}

/**
 * A value that changes at some steps and stays in between: 1 at first, and multiplied by `factor` at each of the
 * boundaries; or with `factors` the value of each piece, one more than there are boundaries.
 *
 * @param options.boundaries The first step of each new piece, ascending positive integers.
 * @param options.factor What each boundary multiplies the value by, at least 0.
 * @param options.factors The values, at least 0.
 * @returns The schedule.
 * @throws {RangeError} If an option is out of range; the message names it.
 *
 * @example
 * ```ts
 * import { schedule } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const halved = schedule.stepwise({ boundaries: [10, 20], factor: 0.5 });
 * assert.deepEqual([0, 9, 10, 20].map((step) => schedule.valueAt(halved, step)), [1, 1, 0.5, 0.25]);
 * assert.deepEqual(schedule.stepwise({ boundaries: [10, 20], factors: [1, 0.5, 0.25] }), halved);
 * ```
 */
export function stepwise(options: StepwiseOptions): Schedule {
  return make(ACTION, "stepwise", options);
}

/**
 * A straight line, then a constant: as the weight of the KL term, the warm-up of Bowman et al., Generating Sentences from
 * a Continuous Space (2016), section 3.1, and Soenderby et al., Ladder Variational Autoencoders (2016).
 *
 * @param options.from The value at step 0, at least 0; default 0.
 * @param options.to The value from `steps` on, at least 0; default 1.
 * @param options.steps How many steps it takes, a positive integer.
 * @returns The schedule.
 * @throws {RangeError} If an option is out of range; the message names it.
 *
 * @example
 * ```ts
 * import { schedule } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const beta = schedule.linear({ steps: 1000 });
 * assert.deepEqual([0, 250, 1000, 5000].map((step) => schedule.valueAt(beta, step)), [0, 0.25, 1, 1]);
 * ```
 */
export function linear(options: LinearOptions): Schedule {
  return make(ACTION, "linear", options);
}

/**
 * A straight line and a constant, again and again: as the weight of the KL term, Fu et al., Cyclical Annealing Schedule
 * (2019), equations 6 and 7.
 *
 * @param options.period Steps of a cycle, a positive integer.
 * @param options.ramp The share of a cycle in which the value rises, above 0 and at most 1; default 0.5. The paper's R.
 * @param options.from The value at the start of each cycle, at least 0; default 0.
 * @param options.to The value at the end of each cycle, at least 0; default 1.
 * @returns The schedule.
 * @throws {RangeError} If an option is out of range; the message names it.
 *
 * @example
 * ```ts
 * import { schedule } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const beta = schedule.cyclical({ period: 100 });
 * assert.deepEqual([0, 25, 50, 99, 100].map((step) => schedule.valueAt(beta, step)), [0, 0.5, 1, 1, 0]);
 * ```
 */
export function cyclical(options: CyclicalOptions): Schedule {
  return make(ACTION, "cyclical", options);
}

/**
 * The value of a schedule.
 *
 * @param schedule A schedule, or a number, which is its own value.
 * @param step How many steps were done before, an integer of at least 0.
 * @returns A number of at least 0.
 * @throws {RangeError} If `step` is not such an integer, or the schedule is of no known kind.
 *
 * @example
 * ```ts
 * import { schedule } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.equal(schedule.valueAt(0.7, 123), 0.7);
 * assert.equal(schedule.valueAt(schedule.linear({ steps: 4 }), 1), 0.25);
 * ```
 */
export function valueAt(schedule: number | Schedule, step: number): number {
  if (typeof schedule === "number") return schedule;
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new RangeError(`Cannot value a schedule: expected step to be an integer of at least 0, got ${step}`);
  }
  switch (schedule.kind) {
    case "cosine": {
      const { steps, warmup, end } = schedule;
      if (step < warmup) return (step + 1) / (warmup + 1);
      if (step >= steps) return end;
      return end + (1 - end) * (1 + Math.cos(Math.PI * (step - warmup) / (steps - warmup))) / 2;
    }
    case "stepwise": {
      const next = schedule.boundaries.findIndex((boundary) => step < boundary);
      return schedule.factors.at(next)!; // -1, the last, beyond all boundaries
    }
    case "linear": {
      const { from, to, steps } = schedule;
      return step >= steps ? to : from + (to - from) * (step / steps);
    }
    case "cyclical": {
      const { period, ramp, from, to } = schedule, part = step % period / period;
      return part >= ramp ? to : from + (to - from) * (part / ramp);
    }
    default:
      throw unknown("Cannot value a schedule", (schedule as Schedule).kind);
  }
}

function unknown(action: string, kind: unknown): RangeError {
  const kinds = Object.keys(MAKERS).join(", ");
  return new RangeError(`${action}: expected a schedule's kind to be one of ${kinds}, got ${show(kind)}`);
}

/**
 * Checks a schedule, such as one that was read from JSON.
 *
 * @param action What cannot be done otherwise; it begins the error's message.
 * @param schedule A number of at least 0, or a schedule.
 * @returns The number, or the schedule made anew: frozen, complete, without any other field.
 * @throws {TypeError} If it is neither a number nor an object.
 * @throws {RangeError} If its kind is unknown or a field is out of range; the message names it.
 *
 * @example
 * ```ts
 * import { schedule } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const beta = schedule.cyclical({ period: 100 }), read = JSON.parse(JSON.stringify(beta));
 * assert.deepEqual(schedule.resolveSchedule("Cannot anneal", read), beta);
 * assert.throws(() => schedule.resolveSchedule("Cannot anneal", { ...read, period: 0 }), /expected period/);
 * ```
 */
export function resolveSchedule(action: string, schedule: number | Schedule): number | Schedule {
  if (typeof schedule === "number") {
    if (isAmount(schedule)) return schedule;
    throw new RangeError(`${action}: expected a schedule that is a number to be ${AMOUNT}, got ${schedule}`);
  }
  if (typeof schedule !== "object" || schedule === null) {
    throw new TypeError(`${action}: expected a schedule or a number, got ${show(schedule)}`);
  }
  if (!Object.hasOwn(MAKERS, schedule.kind)) throw unknown(action, schedule.kind);
  const { kind, ...settings } = schedule;
  return make(action, kind, settings as never);
}
