import { adam, type Moments } from "./kernels/adam.ts";
import type { Matrix } from "./kernels/heap.ts";
import type { Runtime } from "./kernels/runtime.ts";

/** Adam's settings: Kingma and Ba, Adam: A Method for Stochastic Optimization (2015), algorithm 1. */
export type Adam = {
  /** Step size, above 0; the paper's alpha. */
  readonly learningRate: number;
  /** Decay of the first moment, in [0, 1). */
  readonly beta1: number;
  /** Decay of the second moment, in [0, 1). */
  readonly beta2: number;
  /** Added to the root of the second moment, above 0. */
  readonly epsilon: number;
};

/** The paper's settings. */
export const ADAM: Adam = Object.freeze({ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });

/** Whether x is finite and above 0, also as the float32 that the kernel gets. */
function isFloat(x: number): boolean {
  return Math.fround(x) > 0 && Math.fround(x) < Infinity;
}

/** Completes and checks Adam's settings; a `RangeError` says which is out of range. */
export function resolveAdam(options: Partial<Adam> = {}): Adam {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: Adam = { ...ADAM, ...Object.fromEntries(given) };
  const check = (name: keyof Adam, good: boolean, wanted: string) => {
    if (!good) throw new RangeError(`Cannot use Adam: expected ${name} to be ${wanted}, got ${settings[name]}`);
  };
  const { learningRate, beta1, beta2, epsilon } = settings;
  check("learningRate", isFloat(learningRate), "a finite number above 0");
  check("beta1", beta1 >= 0 && beta1 < 1, "in [0, 1)");
  check("beta2", beta2 >= 0 && beta2 < 1, "in [0, 1)");
  check("epsilon", isFloat(epsilon), "a finite number above 0");
  return Object.freeze(settings);
}

/**
 * One step of Adam for every parameter.
 *
 * @param to Where the new values go; may be `from`.
 * @param from A matrix and its moments for each parameter.
 * @param grads The gradient of each parameter, in the same order.
 * @param t The number of this step, from 1.
 */
export function adamUpdate(
  rt: Runtime,
  to: readonly Moments[],
  from: readonly Moments[],
  grads: readonly Matrix[],
  { learningRate, beta1, beta2, epsilon }: Adam,
  t: number,
): void {
  const step = {
    rate: learningRate / (1 - beta1 ** t),
    correction: 1 / (1 - beta2 ** t),
    b1: beta1,
    b2: beta2,
    eps: epsilon,
  };
  grads.forEach((g, i) => adam(rt, to[i], from[i], g, step));
}
