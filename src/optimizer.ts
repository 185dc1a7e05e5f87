import { checkOptions, type Names, type Optional } from "./checks/options.ts";
import { show } from "./checks/show.ts";
import { adam, type Moments } from "./kernels/adam.ts";
import { average } from "./kernels/average.ts";
import { floats, type Matrix } from "./kernels/heap.ts";
import type { Runtime } from "./kernels/runtime.ts";
import { sumSquares } from "./kernels/sum_squares.ts";
import { resolveSchedule, type Schedule, valueAt } from "./schedule.ts";

/**
 * Adam's settings: Kingma and Ba, Adam: A Method for Stochastic Optimization (2015), algorithm 1, and what may be added
 * to it. A setting that may be missing changes nothing where it is.
 */
export type Adam = {
  /** Step size, above 0; the paper's alpha. */
  readonly learningRate: number;
  /** Decay of the first moment, in [0, 1). */
  readonly beta1: number;
  /** Decay of the second moment, in [0, 1). */
  readonly beta2: number;
  /** Added to the root of the second moment, above 0. */
  readonly epsilon: number;
  /**
   * Decoupled decay, at least 0: with the learning rate of the step it is the share of every parameter that the step takes
   * away (AdamW: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2, with the learning rate in
   * the decay, too, as PyTorch has it).
   */
  readonly weightDecay?: number | undefined;
  /**
   * The largest norm of all gradients together, above 0: where they exceed it they are scaled down to it (Pascanu et al.,
   * On the Difficulty of Training Recurrent Neural Networks, 2013, algorithm 1).
   */
  readonly clipNorm?: number | undefined;
  /** What the learning rate is multiplied with, by the number of steps done before. */
  readonly schedule?: number | Schedule | undefined;
  /**
   * Keeps an average of the parameters besides (Polyak and Juditsky, 1992), in [0, 1): of update t, from 1, the decay is
   * min(averageDecay, (1 + t) / (10 + t)), so that the first parameters are soon forgotten.
   */
  readonly averageDecay?: number | undefined;
};

/** The paper's settings. */
export const ADAM: Adam = Object.freeze({ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });

/** The names of Adam's settings. */
export const ADAM_SETTINGS: Names<Adam> = {
  learningRate: true,
  beta1: true,
  beta2: true,
  epsilon: true,
  weightDecay: true,
  clipNorm: true,
  schedule: true,
  averageDecay: true,
};

/** Whether x is finite and above 0, also as the float32 that the kernel gets. */
function isFloat(x: unknown): boolean {
  return typeof x === "number" && Math.fround(x) > 0 && Math.fround(x) < Infinity;
}

/** Whether x is in [0, 1). */
function isShare(x: unknown): boolean {
  return typeof x === "number" && x >= 0 && x < 1;
}

/**
 * Completes and checks Adam's settings.
 *
 * @param options Settings that differ from {@linkcode ADAM}.
 * @returns The complete settings, frozen.
 * @throws {TypeError} If a setting is unknown.
 * @throws {RangeError} If a setting is out of range; the message names it.
 */
export function resolveAdam(options: Optional<Adam> = {}): Adam {
  const given = Object.entries(checkOptions("Cannot use Adam", options, ADAM_SETTINGS, "optimizer")).filter((
    [, value],
  ) => value !== undefined);
  const settings: Adam = { ...ADAM, ...Object.fromEntries(given) };
  const check = (name: keyof Adam, good: boolean, wanted: string) => {
    if (!good) throw new RangeError(`Cannot use Adam: expected ${name} to be ${wanted}, got ${show(settings[name])}`);
  };
  const { learningRate, beta1, beta2, epsilon } = settings;
  check("learningRate", isFloat(learningRate), "a finite number above 0");
  check("beta1", isShare(beta1), "in [0, 1)");
  check("beta2", isShare(beta2), "in [0, 1)");
  check("epsilon", isFloat(epsilon), "a finite number above 0");
  const { weightDecay = 0, clipNorm, schedule, averageDecay = 0 } = settings;
  check("weightDecay", weightDecay === 0 || isFloat(weightDecay), "a finite number of at least 0");
  check("clipNorm", clipNorm === undefined || isFloat(clipNorm), "a finite number above 0");
  check("averageDecay", isShare(averageDecay), "in [0, 1)");
  if (schedule === undefined) return Object.freeze(settings);
  return Object.freeze({ ...settings, schedule: resolveSchedule("Cannot use Adam", schedule) });
}

/** How a parameter changes: by Adam, or as a running statistic, whose gradient is how far it is off. */
export type Rule = "adam" | "statistic";

/** How far a running statistic goes toward that of a batch; PyTorch's momentum of batch normalization. */
const STATISTIC_RATE = 0.1;

/** The rule for a parameter's name: `….norm.mean` and `….norm.variance` are statistics. */
export function rule(name: string): Rule {
  return /\.norm\.(mean|variance)$/.test(name) ? "statistic" : "adam";
}

/** A parameter, its moments, and its average where one is kept. */
export type Slot = Moments & { readonly average?: Matrix | undefined };

/**
 * One step of Adam for every parameter, and then of the average.
 *
 * @param to Where the new values go; may be `from`.
 * @param from A matrix, its moments, and with `averageDecay` its average, for each parameter.
 * @param grads The gradient of each parameter, in the same order.
 * @param t The number of this step, from 1.
 * @param rules The rule for each parameter, Adam by default. A statistic becomes params - 0.1 grads, outside the clipped
 * norm and without decay, and keeps its moments; it is averaged as all are.
 * @param share The weight of a batch's statistics, from 0 to 1: they move by 0.1 share.
 */
export function adamUpdate(
  rt: Runtime,
  to: readonly Slot[],
  from: readonly Slot[],
  grads: readonly Matrix[],
  { learningRate, beta1, beta2, epsilon, weightDecay = 0, clipNorm, schedule = 1, averageDecay }: Adam,
  t: number,
  rules?: readonly Rule[],
  share = 1,
): void {
  const trained = (i: number) => rules === undefined || rules[i] === "adam";
  const rate = learningRate * valueAt(schedule, t - 1);
  const step = {
    rate: rate / (1 - beta1 ** t),
    correction: 1 / (1 - beta2 ** t),
    b1: beta1,
    b2: beta2,
    eps: epsilon,
    factor: clipNorm === undefined ? 1 : Math.min(1, clipNorm / norm(rt, grads.filter((_, i) => trained(i)))),
    decay: rate * weightDecay,
  };
  const forget = averageDecay === undefined ? 0 : 1 - Math.min(averageDecay, (1 + t) / (10 + t));
  grads.forEach((g, i) => {
    const next = to[i]!, last = from[i]!;
    if (trained(i)) adam(rt, next, last, g, step);
    else statistic(rt, next, last, g, share);
    if (next.average && last.average) average(rt, next.average, last.average, next.params, forget);
  });
}

/**
 * Returns whether a step by these settings may make finite parameters infinite, however small the gradients are. An
 * ordinary step cannot: Adam's update is at most about 10 learning rates, and what is below half a unit in the last place
 * of the largest float32, 1e31, does not change that.
 *
 * @param optimizer Adam's settings.
 * @param step How many steps were done before.
 */
export function mayOverflow({ learningRate, schedule = 1, weightDecay = 0, epsilon }: Adam, step: number): boolean {
  const rate = learningRate * valueAt(schedule, step);
  return !(rate < 1e20 && rate * weightDecay <= 2 && epsilon > 1e-30);
}

/** The Euclidean norm of all elements together. */
function norm(rt: Runtime, grads: readonly Matrix[]): number {
  return Math.sqrt(grads.reduce((sum, g) => sum + sumSquares(rt, g), 0));
}

/** A step toward a batch's statistic; no kernel, since there is one for each of a few hundred units. */
function statistic({ heap }: Runtime, to: Moments, from: Moments, grads: Matrix, share: number): void {
  const rate = STATISTIC_RATE * share,
    running = floats(heap, from.params),
    next = floats(heap, to.params),
    g = floats(heap, grads);
  for (let i = 0; i < g.length; i++) next[i] = running[i]! - rate * g[i]!;
  for (const name of ["mu", "nu"] as const) floats(heap, to[name]).set(floats(heap, from[name]));
}
