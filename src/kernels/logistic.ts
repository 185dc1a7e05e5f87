import type { Gradient } from "./bernoulli.ts";
import { f32_logistic_mean, f32_logistic_nll, f32_logistic_sample } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** An element of the loss, of a mean, costs about as much as so many of a plain elementwise kernel. */
const COST = 32, MEAN_COST = 2048;

/**
 * Bounds of the log-scale, for x in [0, 1]: from a quarter of a level, which gives one level at most 0.79 of the mass, to
 * as good as uniform but for the ends. Beyond them the scale is the bound's.
 */
export const LOG_SCALE_BOUNDS: readonly [low: number, high: number] = [-7, 5];

/**
 * nll [B, 1] = -log of the probability of x's levels under a discretized logistic likelihood, in nats. outputs [B, 2 D]
 * are pairs of location, in units of x, and log-scale, held within {@linkcode LOG_SCALE_BOUNDS}; x is taken to the nearest
 * of the levels k / 255. The gradient [B, 2 D] may be `outputs`; where a log-scale is not inside its bounds it is 0.
 */
export function logisticNll(rt: Runtime, nll: Matrix, outputs: Matrix, x: Matrix, gradient?: Gradient): void {
  const [low, high] = LOG_SCALE_BOUNDS;
  rt.run(
    f32_logistic_nll,
    rt.parts(COST * size(x)),
    outputs.ptr,
    x.ptr,
    nll.ptr,
    gradient?.out.ptr ?? 0,
    low,
    high,
    gradient?.scale ?? 0,
    x.rows,
    x.cols,
  );
}

/** out [B, D] = the expectation of x over the 256 levels, from such pairs. */
export function logisticMean(rt: Runtime, out: Matrix, outputs: Matrix): void {
  const [low, high] = LOG_SCALE_BOUNDS, n = size(out);
  rt.run(f32_logistic_mean, rt.parts(MEAN_COST * n), outputs.ptr, out.ptr, low, high, n);
}

/** out [B, D] = levels sampled from u, uniform in (-1, 1), and from such pairs; out may be u. */
export function logisticSample(rt: Runtime, out: Matrix, outputs: Matrix, u: Matrix): void {
  const [low, high] = LOG_SCALE_BOUNDS, n = size(out);
  rt.run(f32_logistic_sample, rt.parts(COST * n), outputs.ptr, u.ptr, out.ptr, low, high, n);
}
