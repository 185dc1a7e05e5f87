// The discretized logistic likelihood on the 256 levels k / 255: Kingma et al., Improving Variational Inference with
// Inverse Autoregressive Flow (2016), appendix D.1, and Salimans et al., PixelCNN++ (2017), equation 2, with one component.
// Location m and log-scale v of value j stand at 2 j and 2 j + 1 of a row; v is held within [low, high].
//
// With r = e^-v, level k nearest to 255 x, z+ = (k/255 + 1/510 - m) r, z- = (k/255 - 1/510 - m) r, s the sigmoid:
// f32_logistic_nll     loss[r] = sum over j of -log(s(z+) - s(z-)), where s(z+) is 1 for k = 255 and s(z-) 0 for k = 0
//                              = log(1 + e^-z+) + log(1 + e^z-) - log(1 - e^(-r / 255)): all terms are positive. The
//                                first is left out for k = 255, the second for k = 0, the third for both
//                      dm = r (s(-z+) - s(z-)) scale
//                      dv = (z+ s(-z+) - z- s(z-) + (r / 255) / (e^(r / 255) - 1)) scale, terms left out likewise; 0
//                           where the given v is not inside its bounds
// f32_logistic_mean    sum over the borders (k - 1/2) / 255, k from 1 to 255, of s((m - border) r) / 255
// f32_logistic_sample  the level nearest to m + log((1 + u) / (1 - u)) / r, u in (-1, 1)
//
// Shapes: x [rows, columns]; outputs, doutputs [rows, 2 columns]; loss [rows]; means and samples are flat with n values.
// doutputs may be outputs and is left out where it is 0; out may be u. Errors: loss 6e-7 of the sum of the terms and of
// the sizes of their derivatives by v, and 2^-126 for each value, since e^-|z| is no less (each row is summed in
// float64); dm 6e-7 r scale, dv 6e-7 of (1 and the sizes of those derivatives) scale; mean 2e-7; a sample is another level only where 255 (m + ...) is within 1e-4 and 1e-6 of
// its terms of the border between two. Rows, or values, are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, madd, mask, storeTail, total } from "./lanes";
import { exp, expm1, log, log1p, log1pUnit, sigmoid } from "./math";
import { firsts, loadHigh, loadLow, seconds, storePairs } from "./pairs";

/** The largest level, and the half of a bin. */
const MOST: f32 = 255, HALF: f32 = 1 / 510;

@inline
function f(x: f32): v128 {
  return f32x4.splat(x);
}

/** 1 / (1 + e^z) or 1 / (1 + e^-z), the smaller one where `small`, from e = e^-|z|. */
@inline
function share(e: v128, small: v128): v128 {
  const right = f32x4.div(f(1), f32x4.add(f(1), e));
  return v128.bitselect(f32x4.mul(e, right), right, small);
}

export function f32_logistic_nll(
  part: i32, parts: i32, outputs: usize, x: usize, loss: usize, doutputs: usize, low: f32, high: f32, scale: f32,
  rows: i32, columns: i32,
): void {
  const lo = f(low), hi = f(high), s = f(scale), zero = f(0);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const o = row + bytes(j), p = outputs + 2 * o, n = min(4, columns - j);
      const a = loadLow(p, n), b = loadHigh(p, n), given = seconds(a, b);
      const rate = exp(f32x4.neg(f32x4.min(f32x4.max(given, lo), hi)));
      const level = f32x4.nearest(f32x4.mul(n == 4 ? v128.load(x + o) : loadTail(x + o, n), f(MOST)));
      const below = f32x4.ne(level, zero), above = f32x4.ne(level, f(MOST)), both = v128.and(below, above);

      const c = f32x4.sub(f32x4.div(level, f(MOST)), firsts(a, b));
      const zp = f32x4.mul(f32x4.add(c, f(HALF)), rate), zm = f32x4.mul(f32x4.sub(c, f(HALF)), rate);
      const ep = exp(f32x4.neg(f32x4.abs(zp))), em = exp(f32x4.neg(f32x4.abs(zm)));
      const up = f32x4.sub(log1pUnit(ep), f32x4.min(zp, zero)), down = f32x4.add(log1pUnit(em), f32x4.max(zm, zero));
      const width = f32x4.mul(rate, f(1 / MOST)), mass = f32x4.neg(expm1(f32x4.neg(width)));
      let term = f32x4.sub(v128.and(up, above), v128.and(log(mass), both));
      term = f32x4.add(term, v128.and(down, below));
      if (n < 4) term = v128.and(term, mask(n));
      sum = addWide(sum, term);

      if (doutputs) {
        const gp = v128.and(share(ep, f32x4.gt(zp, zero)), above), gm = v128.and(share(em, f32x4.lt(zm, zero)), below);
        const dm = f32x4.mul(rate, f32x4.sub(gp, gm));
        const narrower = f32x4.div(f32x4.mul(width, f32x4.sub(f(1), mass)), mass);
        const dv = f32x4.add(f32x4.sub(f32x4.mul(zp, gp), f32x4.mul(zm, gm)), v128.and(narrower, both));
        const inside = v128.and(f32x4.gt(given, lo), f32x4.lt(given, hi));
        storePairs(doutputs + 2 * o, f32x4.mul(dm, s), v128.and(f32x4.mul(dv, s), inside), n);
      }
    }
    f32.store(loss + bytes(r), total(sum));
  }
}

export function f32_logistic_mean(
  part: i32, parts: i32, outputs: usize, out: usize, low: f32, high: f32, n: i32,
): void {
  const lo = f(low), hi = f(high);
  for (let i = begin(n, 16, part, parts), end = begin(n, 16, part + 1, parts); i < end; i++) {
    const pair = outputs + 2 * bytes(i);
    const m = v128.load32_splat(pair), rate = exp(f32x4.neg(f32x4.min(f32x4.max(v128.load32_splat(pair, 4), lo), hi)));
    let sum = f64x2.splat(0), border = f32x4(0.5, 1.5, 2.5, 3.5);
    for (let k = 0; k < 256; k += 4) {
      let term = sigmoid(f32x4.mul(f32x4.sub(m, f32x4.div(border, f(MOST))), rate));
      if (k == 252) term = v128.and(term, mask(3)); // 255 borders
      sum = addWide(sum, term);
      border = f32x4.add(border, f(4));
    }
    f32.store(out + bytes(i), total(sum) / MOST);
  }
}

function sample(low: v128, high: v128, u: v128, lo: v128, hi: v128): v128 {
  const scale = exp(f32x4.min(f32x4.max(seconds(low, high), lo), hi));
  const x = madd(scale, f32x4.sub(log1p(u), log1p(f32x4.neg(u))), firsts(low, high));
  const level = f32x4.nearest(f32x4.mul(x, f(MOST)));
  return f32x4.div(f32x4.min(f32x4.max(level, f(0)), f(MOST)), f(MOST));
}

export function f32_logistic_sample(
  part: i32, parts: i32, outputs: usize, u: usize, out: usize, low: f32, high: f32, n: i32,
): void {
  const lo = f(low), hi = f(high), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i), p = outputs + 2 * o;
    v128.store(out + o, sample(v128.load(p), v128.load(p, 16), v128.load(u + o), lo, hi));
  }
  if (i < end) {
    const o = bytes(i), p = outputs + 2 * o, k = end - i;
    storeTail(out + o, sample(loadLow(p, k), loadHigh(p, k), loadTail(u + o, k), lo, hi), k);
  }
}
