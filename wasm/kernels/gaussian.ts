// The diagonal Gaussian posterior q(z | x) = N(mean, exp(logVar)): bound, reparameterization, KL to N(0, I).
// Kingma and Welling, Auto-Encoding Variational Bayes (2014), equation 10 and appendix B.
//
// f32_clamp                  x = min(max(x, low), high) in place; NaN stays NaN
// f32_reparameterize         z = mean + e^(logVar / 2) eps
// f32_reparameterize_bwd     dmean = dz + scale mean
//                            dlogVar = (dz eps e^(logVar / 2) + scale (e^logVar - 1)) / 2
//                            but 0 where logVar is at a bound or NaN
// f32_gaussian_kl            kl[r] = 1/2 sum over j of mean^2 + e^logVar - 1 - logVar
//
// scale is beta / B. All matrices [rows, columns] or flat with n elements; outputs may be their like-shaped inputs.
// Errors: none for clamp, 4e-7 of the sum of |terms| for others (e^logVar - 1 is one term); each row's KL is summed in
// float64. Elements or rows are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, madd, mask, storeTail, total } from "./lanes";
import { exp, expm1 } from "./math";

export function f32_clamp(part: i32, parts: i32, x: usize, low: f32, high: f32, n: i32): void {
  const lo = f32x4.splat(low), hi = f32x4.splat(high), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    v128.store(x + bytes(i), f32x4.min(f32x4.max(v128.load(x + bytes(i)), lo), hi));
  }
  for (; i < end; i++) f32.store(x + bytes(i), min(max(f32.load(x + bytes(i)), low), high));
}

@inline
function deviation(logVar: v128): v128 {
  return exp(f32x4.mul(logVar, f32x4.splat(0.5)));
}

export function f32_reparameterize(
  part: i32, parts: i32, mean: usize, logVar: usize, eps: usize, z: usize, n: i32,
): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i);
    v128.store(z + o, madd(deviation(v128.load(logVar + o)), v128.load(eps + o), v128.load(mean + o)));
  }
  if (i < end) {
    const o = bytes(i), k = end - i;
    storeTail(z + o, madd(deviation(loadTail(logVar + o, k)), loadTail(eps + o, k), loadTail(mean + o, k)), k);
  }
}

@inline
function dLogVar(dz: v128, logVar: v128, eps: v128, scale: v128, low: v128, high: v128): v128 {
  const inside = v128.and(f32x4.gt(logVar, low), f32x4.lt(logVar, high));
  const path = f32x4.mul(f32x4.mul(dz, eps), deviation(logVar));
  return v128.and(f32x4.mul(f32x4.splat(0.5), madd(scale, expm1(logVar), path)), inside);
}

export function f32_reparameterize_bwd(
  part: i32, parts: i32, dz: usize, mean: usize, logVar: usize, eps: usize, scale: f32, low: f32, high: f32,
  dmean: usize, dlogVar: usize, n: i32,
): void {
  const s = f32x4.splat(scale), lo = f32x4.splat(low), hi = f32x4.splat(high), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i), d = v128.load(dz + o), m = v128.load(mean + o);
    v128.store(dlogVar + o, dLogVar(d, v128.load(logVar + o), v128.load(eps + o), s, lo, hi));
    v128.store(dmean + o, madd(s, m, d));
  }
  if (i < end) {
    const o = bytes(i), k = end - i, d = loadTail(dz + o, k), m = loadTail(mean + o, k);
    storeTail(dlogVar + o, dLogVar(d, loadTail(logVar + o, k), loadTail(eps + o, k), s, lo, hi), k);
    storeTail(dmean + o, madd(s, m, d), k);
  }
}

@inline
function klTerm(mean: v128, logVar: v128): v128 {
  return madd(mean, mean, f32x4.sub(expm1(logVar), logVar));
}

export function f32_gaussian_kl(
  part: i32, parts: i32, mean: usize, logVar: usize, kl: usize, rows: i32, columns: i32,
): void {
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0), j = 0;
    for (; j <= columns - 4; j += 4) {
      const o = row + bytes(j);
      sum = addWide(sum, klTerm(v128.load(mean + o), v128.load(logVar + o)));
    }
    if (j < columns) {
      const o = row + bytes(j), k = columns - j;
      sum = addWide(sum, v128.and(klTerm(loadTail(mean + o, k), loadTail(logVar + o, k)), mask(k)));
    }
    f32.store(kl + bytes(r), <f32> 0.5 * total(sum));
  }
}
