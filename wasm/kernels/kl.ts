// The KL divergence of q(z | x) = N(mean, e^logVar) from N(0, I), dimension by dimension: which of them are used
// (posterior collapse), and free bits (Kingma et al., Improved Variational Inference with Inverse Autoregressive Flow,
// 2016, appendix C.8).
//
// f32_kl_columns      kl[j] = mean over rows of 1/2 (mean^2 + e^logVar - 1 - logVar)
// f32_kl_columns_bwd  dmean += scales[j] mean, dlogVar += scales[j] (e^logVar - 1) / 2, but nothing where logVar is at a
//                     bound or NaN
//
// All matrices [rows, columns], kl and scales [columns]; dmean and dlogVar are apart from the inputs. Errors: 4e-7 of the
// mean of |terms|, each column's sum in float64; 4e-7 of the sum of |terms|. Columns, or elements, are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail, madd, storeTail } from "./lanes";
import { expm1 } from "./math";

export function f32_kl_columns(
  part: i32, parts: i32, mean: usize, logVar: usize, kl: usize, rows: i32, columns: i32,
): void {
  const ld = bytes(columns), end = begin(columns, 4, part + 1, parts), scale = 0.5 / <f64> rows;
  for (let j = begin(columns, 4, part, parts); j < end; j += 4) {
    const k = end - j, tail = k < 4;
    let low = f64x2.splat(0), high = f64x2.splat(0), m = mean + bytes(j), l = logVar + bytes(j);
    for (let r = 0; r < rows; r++) {
      const a = tail ? loadTail(m, k) : v128.load(m), v = tail ? loadTail(l, k) : v128.load(l);
      const term = madd(a, a, f32x4.sub(expm1(v), v));
      low = f64x2.add(low, f64x2.promote_low_f32x4(term));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(term, term, 1, 1)));
      m += ld;
      l += ld;
    }
    const s = f64x2.splat(scale), sum = v128.shuffle<i64>(
      f32x4.demote_f64x2_zero(f64x2.mul(low, s)), f32x4.demote_f64x2_zero(f64x2.mul(high, s)), 0, 2,
    );
    if (tail) storeTail(kl + bytes(j), sum, k);
    else v128.store(kl + bytes(j), sum);
  }
}

export function f32_kl_columns_bwd(
  part: i32, parts: i32, mean: usize, logVar: usize, scales: usize, low: f32, high: f32, dmean: usize, dlogVar: usize,
  rows: i32, columns: i32,
): void {
  const lo = f32x4.splat(low), hi = f32x4.splat(high), half = f32x4.splat(0.5);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    for (let j = 0; j < columns; j += 4) {
      const o = row + bytes(j), k = columns - j, tail = k < 4;
      const s = tail ? loadTail(scales + bytes(j), k) : v128.load(scales + bytes(j));
      const m = tail ? loadTail(mean + o, k) : v128.load(mean + o);
      const l = tail ? loadTail(logVar + o, k) : v128.load(logVar + o);
      const inside = v128.and(f32x4.gt(l, lo), f32x4.lt(l, hi));
      const path = v128.and(f32x4.mul(f32x4.mul(s, half), expm1(l)), inside);
      if (tail) {
        storeTail(dmean + o, madd(s, m, loadTail(dmean + o, k)), k);
        storeTail(dlogVar + o, f32x4.add(loadTail(dlogVar + o, k), path), k);
      } else {
        v128.store(dmean + o, madd(s, m, v128.load(dmean + o)));
        v128.store(dlogVar + o, f32x4.add(v128.load(dlogVar + o), path));
      }
    }
  }
}
