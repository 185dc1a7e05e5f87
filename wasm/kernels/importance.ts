// Importance weighting over samples z = mean + e^(logVar / 2) eps of q(z | x) = N(mean, e^logVar): Burda, Grosse and
// Salakhutdinov, Importance Weighted Autoencoders (2016); Tucker et al., Doubly Reparameterized Gradient Estimators (2019).
//
// f32_log_ratio        ratio[r] = log q(z | x) - log p(z) = 1/2 sum over j of z^2 - eps^2 - logVar
// f32_scale_rows       x[r, j] *= weights[r], in place
// f32_importance_bwd   one sample's share of the gradient, added to dmean and dlogVar; s = scale weights[r]:
//   pathwise 0 (IWAE)  g = dz + s z                                  dlogVar += (g eps e^(logVar / 2) - s) / 2
//   pathwise 1 (DReG)  g = weights[r] (dz + s (z - eps e^(-logVar / 2)))    dlogVar += g eps e^(logVar / 2) / 2
//                      dmean += g; nothing is added to dlogVar where logVar is at a bound or NaN
//
// dz holds the decoder's share, weights included. All matrices [rows, columns], weights [rows]; dmean and dlogVar are
// apart from the inputs. Errors: 4e-7 of the sum of |terms| and of what was held, none for scale_rows; each row's ratio
// is summed in float64. Rows are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, madd, mask, storeTail, total } from "./lanes";
import { exp } from "./math";

@inline
function ratioTerm(z: v128, eps: v128, logVar: v128): v128 {
  // (z - eps) (z + eps) keeps what z^2 - eps^2 would lose where both are large.
  return madd(f32x4.sub(z, eps), f32x4.add(z, eps), f32x4.neg(logVar));
}

export function f32_log_ratio(
  part: i32, parts: i32, z: usize, eps: usize, logVar: usize, ratio: usize, rows: i32, columns: i32,
): void {
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0), j = 0;
    for (; j <= columns - 4; j += 4) {
      const o = row + bytes(j);
      sum = addWide(sum, ratioTerm(v128.load(z + o), v128.load(eps + o), v128.load(logVar + o)));
    }
    if (j < columns) {
      const o = row + bytes(j), k = columns - j;
      sum = addWide(sum, ratioTerm(loadTail(z + o, k), loadTail(eps + o, k), loadTail(logVar + o, k)));
    }
    f32.store(ratio + bytes(r), <f32> 0.5 * total(sum));
  }
}

export function f32_scale_rows(part: i32, parts: i32, x: usize, weights: usize, rows: i32, columns: i32): void {
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = x + bytes(r) * columns, w = f32.load(weights + bytes(r)), weight = f32x4.splat(w);
    let j = 0;
    for (; j <= columns - 4; j += 4) v128.store(row + bytes(j), f32x4.mul(v128.load(row + bytes(j)), weight));
    for (; j < columns; j++) f32.store(row + bytes(j), f32.load(row + bytes(j)) * w);
  }
}

/** The gradient by z. */
@inline
function byZ(pathwise: i32, dz: v128, z: v128, eps: v128, inverse: v128, s: v128, weight: v128): v128 {
  if (!pathwise) return madd(s, z, dz);
  return f32x4.mul(weight, madd(s, f32x4.sub(z, f32x4.mul(eps, inverse)), dz));
}

/** The gradient by logVar. */
@inline
function byLogVar(pathwise: i32, g: v128, eps: v128, deviation: v128, s: v128): v128 {
  const path = f32x4.mul(f32x4.mul(g, eps), deviation);
  return f32x4.mul(f32x4.splat(0.5), pathwise ? path : f32x4.sub(path, s));
}

export function f32_importance_bwd(
  part: i32, parts: i32, pathwise: i32, dz: usize, z: usize, logVar: usize, eps: usize, weights: usize, scale: f32,
  low: f32, high: f32, dmean: usize, dlogVar: usize, rows: i32, columns: i32,
): void {
  const lo = f32x4.splat(low), hi = f32x4.splat(high), half = f32x4.splat(0.5);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns, w = f32.load(weights + bytes(r));
    const weight = f32x4.splat(w), s = f32x4.splat(scale * w);
    for (let j = 0; j < columns; j += 4) {
      const o = row + bytes(j), k = columns - j, tail = k < 4;
      const d = tail ? loadTail(dz + o, k) : v128.load(dz + o), v = tail ? loadTail(z + o, k) : v128.load(z + o);
      const e = tail ? loadTail(eps + o, k) : v128.load(eps + o);
      const l = tail ? loadTail(logVar + o, k) : v128.load(logVar + o);
      const y = f32x4.mul(l, half), deviation = exp(y), inverse = exp(f32x4.neg(y));
      const g = byZ(pathwise, d, v, e, inverse, s, weight);
      const inside = v128.and(f32x4.gt(l, lo), f32x4.lt(l, hi));
      const path = v128.and(byLogVar(pathwise, g, e, deviation, s), inside);
      if (tail) {
        storeTail(dmean + o, f32x4.add(loadTail(dmean + o, k), g), k);
        storeTail(dlogVar + o, f32x4.add(loadTail(dlogVar + o, k), path), k);
      } else {
        v128.store(dmean + o, f32x4.add(v128.load(dmean + o), g));
        v128.store(dlogVar + o, f32x4.add(v128.load(dlogVar + o), path));
      }
    }
  }
}
