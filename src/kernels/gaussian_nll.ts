import type { Gradient } from "./bernoulli.ts";
import {
  f32_gaussian_nll,
  f32_gaussian_pixel_nll,
  f32_gaussian_pixel_sample,
  f32_gaussian_sample,
} from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

const LOG_2PI = Math.log(2 * Math.PI);

/** An element with a variance of its own costs about as much as so many of a plain elementwise kernel. */
const COST = 8;

/**
 * Bounds of the log-variance that each value has of its own: a deviation from 0.0067 to 148, so that a value which the
 * model predicts exactly cannot make the likelihood unbounded. Beyond them the variance is the bound's.
 */
export const PIXEL_LOG_VAR_BOUNDS: readonly [low: number, high: number] = [-10, 10];

/**
 * nll [B, 1] = -log N(x; mean, e^logVar I), in nats. Where `gradient` is given it receives e^-logVar (mean - x) scale in
 * the same pass; its matrix may be `mean`.
 */
export function gaussianNll(
  rt: Runtime,
  nll: Matrix,
  mean: Matrix,
  x: Matrix,
  logVar: number,
  gradient?: Gradient,
): void {
  rt.run(
    f32_gaussian_nll,
    rt.parts(2 * size(x)),
    mean.ptr,
    x.ptr,
    nll.ptr,
    gradient?.out.ptr ?? 0,
    Math.exp(-logVar),
    (LOG_2PI + logVar) / 2,
    gradient?.scale ?? 0,
    x.rows,
    x.cols,
  );
}

/** The derivative of {@linkcode gaussianNll} by logVar, from its value for one example of D values. */
export function gaussianSlope(nll: number, D: number, logVar: number): number {
  const square = nll - D * (LOG_2PI + logVar) / 2; // e^-logVar / 2 sum of (x - mean)^2
  return D / 2 - square;
}

/** out = mean + e^(logVar / 2) eps; out may be mean, or eps. */
export function gaussianSample(rt: Runtime, out: Matrix, mean: Matrix, eps: Matrix, logVar: number): void {
  rt.run(f32_gaussian_sample, rt.parts(size(out)), mean.ptr, eps.ptr, out.ptr, Math.exp(logVar / 2), size(out));
}

/**
 * nll [B, 1] as of {@linkcode gaussianNll}, with a log-variance for each value: outputs [B, 2 D] are pairs of mean and
 * log-variance, the latter held within {@linkcode PIXEL_LOG_VAR_BOUNDS}. The gradient [B, 2 D] may be `outputs`; where a
 * log-variance is not inside its bounds it is 0.
 */
export function gaussianPixelNll(rt: Runtime, nll: Matrix, outputs: Matrix, x: Matrix, gradient?: Gradient): void {
  const [low, high] = PIXEL_LOG_VAR_BOUNDS;
  rt.run(
    f32_gaussian_pixel_nll,
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

/** out [B, D] = mean + e^(logVar / 2) eps from such pairs; out may be eps. */
export function gaussianPixelSample(rt: Runtime, out: Matrix, outputs: Matrix, eps: Matrix): void {
  const [low, high] = PIXEL_LOG_VAR_BOUNDS, n = size(out);
  rt.run(f32_gaussian_pixel_sample, rt.parts(COST * n), outputs.ptr, eps.ptr, out.ptr, low, high, n);
}
