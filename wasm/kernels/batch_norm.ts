// Batch normalization over the rows of a matrix. Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network
// Training by Reducing Internal Covariate Shift (2015), algorithm 1 and the gradients of its section 3.
//
// f32_batch_norm         mean[j] = 1/rows sum over r of x[r, j], variance[j] = 1/rows sum over r of (x[r, j] - mean[j])^2
//                        y = (x - mean) / sqrt(variance + epsilon) scale + offset
// f32_batch_norm_apply   the same y from a mean and a variance that are given
// f32_batch_norm_bwd     with h = (x - mean) / sqrt(variance + epsilon), and mean and variance those of x:
//                        dscale[j] = sum over r of dy h, doffset[j] = sum over r of dy
//                        dx = scale / sqrt(variance + epsilon) (dy - doffset / rows - h dscale / rows)
// f32_batch_norm_drift   dmean = runningMean - mean, dvariance = runningVariance - unbiased variance
//
// Shapes: x, y, dy, dx [rows, columns]; all others [columns]. y may be x where no backward pass follows, which reads x;
// dx may be dy or x; in f32_batch_norm_drift an output may be its like-named input. Columns are split over the parts.
// Sums are in float64, and the variance is that of x less its first row, so that a constant column has exactly 0 and
// cancellation never costs more than a factor of rows (the first row is at most sqrt(rows) deviations from the mean).
// Errors: mean 1e-7 of |x|'s mean, variance 1e-7 of itself, y 4e-7 of (|x| + |mean|) |a| + |offset| where
// a = scale / sqrt(variance + epsilon), dscale 4e-7 and doffset 1e-7 of the sum of |terms|, dx 8e-7 of |a| times its
// bracket's |terms|, each mean's as the mean of |terms|; drift 2e-7 of |running| + |batch|.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, columnUnit, loadUpTo, madd, narrow, storeUpTo, wideHigh, wideLow } from "./lanes";

@inline
function inverse(variance: v128, epsilon: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
}

/** The mean and variance of `n` columns from `p` on. */
@inline
function measure(n: i32, p: usize, mean: usize, variance: usize, rows: i32, ld: usize): void {
  const first = loadUpTo(p, n), low = wideLow(first), high = wideHigh(first), count = f64x2.splat(<f64> rows);
  let s0 = f64x2.splat(0), s1 = s0, t0 = s0, t1 = s0;
  for (let r = 0; r < rows; r++) {
    const x = loadUpTo(p, n), a = f64x2.sub(wideLow(x), low), b = f64x2.sub(wideHigh(x), high);
    s0 = f64x2.add(s0, a);
    s1 = f64x2.add(s1, b);
    t0 = f64x2.add(t0, f64x2.mul(a, a));
    t1 = f64x2.add(t1, f64x2.mul(b, b));
    p += ld;
  }
  s0 = f64x2.div(s0, count);
  s1 = f64x2.div(s1, count);
  t0 = f64x2.sub(f64x2.div(t0, count), f64x2.mul(s0, s0));
  t1 = f64x2.sub(f64x2.div(t1, count), f64x2.mul(s1, s1));
  storeUpTo(mean, narrow(f64x2.add(low, s0), f64x2.add(high, s1)), n);
  storeUpTo(variance, f32x4.max(narrow(t0, t1), f32x4.splat(0)), n);
}

/** y of `n` columns from `p` on. */
@inline
function standardize(
  n: i32, p: usize, scale: usize, offset: usize, epsilon: f32, mean: usize, variance: usize, q: usize, rows: i32,
  ld: usize,
): void {
  const a = f32x4.mul(inverse(loadUpTo(variance, n), epsilon), loadUpTo(scale, n));
  const m = loadUpTo(mean, n), b = loadUpTo(offset, n);
  for (let r = 0; r < rows; r++) {
    storeUpTo(q, madd(f32x4.sub(loadUpTo(p, n), m), a, b), n);
    p += ld;
    q += ld;
  }
}

export function f32_batch_norm(
  part: i32, parts: i32, x: usize, scale: usize, offset: usize, epsilon: f32, mean: usize, variance: usize, y: usize,
  rows: i32, columns: i32,
): void {
  const shared = columnUnit(columns, parts), end = begin(columns, shared, part + 1, parts), ld = bytes(columns);
  let j = begin(columns, shared, part, parts);
  for (; j <= end - 4; j += 4) {
    const o = bytes(j);
    measure(4, x + o, mean + o, variance + o, rows, ld);
    standardize(4, x + o, scale + o, offset + o, epsilon, mean + o, variance + o, y + o, rows, ld);
  }
  if (j < end) {
    const o = bytes(j);
    measure(end - j, x + o, mean + o, variance + o, rows, ld);
    standardize(end - j, x + o, scale + o, offset + o, epsilon, mean + o, variance + o, y + o, rows, ld);
  }
}

export function f32_batch_norm_apply(
  part: i32, parts: i32, x: usize, scale: usize, offset: usize, epsilon: f32, mean: usize, variance: usize, y: usize,
  rows: i32, columns: i32,
): void {
  const shared = columnUnit(columns, parts), end = begin(columns, shared, part + 1, parts), ld = bytes(columns);
  let j = begin(columns, shared, part, parts);
  for (; j <= end - 4; j += 4) {
    const o = bytes(j);
    standardize(4, x + o, scale + o, offset + o, epsilon, mean + o, variance + o, y + o, rows, ld);
  }
  if (j < end) {
    const o = bytes(j);
    standardize(end - j, x + o, scale + o, offset + o, epsilon, mean + o, variance + o, y + o, rows, ld);
  }
}

@inline
function backward(
  n: i32, dy: usize, x: usize, scale: usize, epsilon: f32, mean: usize, variance: usize, dscale: usize, doffset: usize,
  dx: usize, rows: i32, ld: usize,
): void {
  const m = loadUpTo(mean, n), i = inverse(loadUpTo(variance, n), epsilon), a = f32x4.mul(i, loadUpTo(scale, n));
  let s0 = f64x2.splat(0), s1 = s0, t0 = s0, t1 = s0, p = dy, q = x;
  for (let r = 0; r < rows; r++) {
    const d = loadUpTo(p, n), dh = f32x4.mul(d, f32x4.mul(f32x4.sub(loadUpTo(q, n), m), i));
    s0 = f64x2.add(s0, wideLow(d));
    s1 = f64x2.add(s1, wideHigh(d));
    t0 = f64x2.add(t0, wideLow(dh));
    t1 = f64x2.add(t1, wideHigh(dh));
    p += ld;
    q += ld;
  }
  storeUpTo(doffset, narrow(s0, s1), n);
  storeUpTo(dscale, narrow(t0, t1), n);
  const count = f64x2.splat(<f64> rows);
  const s = narrow(f64x2.div(s0, count), f64x2.div(s1, count)), t = narrow(f64x2.div(t0, count), f64x2.div(t1, count));
  p = dy;
  q = x;
  for (let r = 0; r < rows; r++) {
    const h = f32x4.mul(f32x4.sub(loadUpTo(q, n), m), i);
    storeUpTo(dx, f32x4.mul(a, f32x4.sub(f32x4.sub(loadUpTo(p, n), s), f32x4.mul(h, t))), n);
    p += ld;
    q += ld;
    dx += ld;
  }
}

export function f32_batch_norm_bwd(
  part: i32, parts: i32, dy: usize, x: usize, scale: usize, epsilon: f32, mean: usize, variance: usize,
  dscale: usize, doffset: usize, dx: usize, rows: i32, columns: i32,
): void {
  const shared = columnUnit(columns, parts), end = begin(columns, shared, part + 1, parts), ld = bytes(columns);
  let j = begin(columns, shared, part, parts);
  for (; j <= end - 4; j += 4) {
    const o = bytes(j);
    backward(4, dy + o, x + o, scale + o, epsilon, mean + o, variance + o, dscale + o, doffset + o, dx + o, rows, ld);
  }
  if (j < end) {
    const o = bytes(j), n = end - j;
    backward(n, dy + o, x + o, scale + o, epsilon, mean + o, variance + o, dscale + o, doffset + o, dx + o, rows, ld);
  }
}

export function f32_batch_norm_drift(
  part: i32, parts: i32, mean: usize, variance: usize, runningMean: usize, runningVariance: usize, unbiased: f32,
  dmean: usize, dvariance: usize, columns: i32,
): void {
  const u = f32x4.splat(unbiased), end = begin(columns, 16, part + 1, parts);
  for (let j = begin(columns, 16, part, parts); j < end; j += 4) {
    const o = bytes(j), n = min(4, end - j);
    const m = f32x4.sub(loadUpTo(runningMean + o, n), loadUpTo(mean + o, n));
    const v = f32x4.sub(loadUpTo(runningVariance + o, n), f32x4.mul(u, loadUpTo(variance + o, n)));
    storeUpTo(dmean + o, m, n);
    storeUpTo(dvariance + o, v, n);
  }
}
