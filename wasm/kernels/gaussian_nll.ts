// The Gaussian likelihood: of one variance for all values, and of a mean m and a log-variance v for each value, which
// stand at 2 j and 2 j + 1 of a row and of which v is held within [low, high].
//
// f32_gaussian_nll           loss[r] = columns constant + precision / 2 sum over j of (m - x)^2
//                            doutputs[r, j] = precision (m - x) scale
// f32_gaussian_sample        out = m + deviation eps
// f32_gaussian_pixel_nll     loss[r] = columns log(2 pi) / 2 + 1/2 sum over j of v + (m - x)^2 e^-v
//                            dm = (m - x) e^-v scale, dv = (1 - (m - x)^2 e^-v) / 2 scale, but 0 where the given v is
//                            not inside its bounds
// f32_gaussian_pixel_sample  out = m + e^(v / 2) eps
//
// Shapes: x [rows, columns]; outputs, doutputs [rows, columns], of pixels [rows, 2 columns]; loss [rows]; the samples are
// flat with n values. doutputs may be outputs and is left out where it is 0; out may be eps, or for one variance outputs.
// Errors: loss 4e-7 of the sum of |terms| (each row is summed in float64), samples and derivatives 4e-7 of that of theirs.
// Rows, or values, are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, madd, storeTail, totalWide } from "./lanes";
import { exp } from "./math";
import { firsts, loadHigh, loadLow, seconds, storePairs } from "./pairs";

/** log(2 pi) / 2 */
const HALF_LOG_2PI: f64 = 0.9189385332046727;

export function f32_gaussian_nll(
  part: i32, parts: i32, outputs: usize, x: usize, loss: usize, doutputs: usize, precision: f32, constant: f32,
  scale: f32, rows: i32, columns: i32,
): void {
  const p = f32x4.splat(precision), s = f32x4.splat(scale);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0), j = 0;
    for (; j <= columns - 4; j += 4) {
      const o = row + bytes(j), d = f32x4.sub(v128.load(outputs + o), v128.load(x + o));
      sum = addWide(sum, f32x4.mul(d, d));
      if (doutputs) v128.store(doutputs + o, f32x4.mul(f32x4.mul(d, p), s));
    }
    if (j < columns) {
      const o = row + bytes(j), k = columns - j, d = f32x4.sub(loadTail(outputs + o, k), loadTail(x + o, k));
      sum = addWide(sum, f32x4.mul(d, d));
      if (doutputs) storeTail(doutputs + o, f32x4.mul(f32x4.mul(d, p), s), k);
    }
    f32.store(loss + bytes(r), <f32> (<f64> constant * columns + 0.5 * <f64> precision * totalWide(sum)));
  }
}

export function f32_gaussian_sample(
  part: i32, parts: i32, outputs: usize, eps: usize, out: usize, deviation: f32, n: i32,
): void {
  const s = f32x4.splat(deviation), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i);
    v128.store(out + o, madd(s, v128.load(eps + o), v128.load(outputs + o)));
  }
  if (i < end) {
    const o = bytes(i), k = end - i;
    storeTail(out + o, madd(s, loadTail(eps + o, k), loadTail(outputs + o, k)), k);
  }
}

export function f32_gaussian_pixel_nll(
  part: i32, parts: i32, outputs: usize, x: usize, loss: usize, doutputs: usize, low: f32, high: f32, scale: f32,
  rows: i32, columns: i32,
): void {
  const lo = f32x4.splat(low), hi = f32x4.splat(high), s = f32x4.splat(scale), half = f32x4.splat(0.5 * scale);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const o = row + bytes(j), p = outputs + 2 * o, k = min(4, columns - j);
      const a = loadLow(p, k), b = loadHigh(p, k), given = seconds(a, b);
      const v = f32x4.min(f32x4.max(given, lo), hi), precision = exp(f32x4.neg(v));
      const d = f32x4.sub(firsts(a, b), k == 4 ? v128.load(x + o) : loadTail(x + o, k));
      const dm = f32x4.mul(d, precision), square = f32x4.mul(d, dm);
      sum = addWide(addWide(sum, v), square); // both are 0 in the lanes past the row's end
      if (doutputs) {
        const inside = v128.and(f32x4.gt(given, lo), f32x4.lt(given, hi));
        const dv = v128.and(f32x4.mul(f32x4.sub(f32x4.splat(1), square), half), inside);
        storePairs(doutputs + 2 * o, f32x4.mul(dm, s), dv, k);
      }
    }
    f32.store(loss + bytes(r), <f32> (HALF_LOG_2PI * columns + 0.5 * totalWide(sum)));
  }
}

@inline
function pixel(low: v128, high: v128, eps: v128, lo: v128, hi: v128): v128 {
  const v = f32x4.min(f32x4.max(seconds(low, high), lo), hi);
  return madd(exp(f32x4.mul(v, f32x4.splat(0.5))), eps, firsts(low, high));
}

export function f32_gaussian_pixel_sample(
  part: i32, parts: i32, outputs: usize, eps: usize, out: usize, low: f32, high: f32, n: i32,
): void {
  const lo = f32x4.splat(low), hi = f32x4.splat(high), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i), p = outputs + 2 * o;
    v128.store(out + o, pixel(v128.load(p), v128.load(p, 16), v128.load(eps + o), lo, hi));
  }
  if (i < end) {
    const o = bytes(i), p = outputs + 2 * o, k = end - i;
    storeTail(out + o, pixel(loadLow(p, k), loadHigh(p, k), loadTail(eps + o, k), lo, hi), k);
  }
}
