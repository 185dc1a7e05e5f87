// The Laplace likelihood of one scale b for all values, given as rate = 1 / b.
//
// f32_laplace_nll     loss[r] = columns constant + rate sum over j of |m - x|
//                     doutputs[r, j] = sign(m - x) rate scale, 0 where m is x        (left out where doutputs is 0)
// f32_laplace_sample  out = m - b sign(u) log(1 - |u|): the quantile of (1 + u) / 2, u in (-1, 1)
//
// Shapes: outputs (m), x, doutputs [rows, columns]; loss [rows]; the samples are flat with n values. doutputs may be
// outputs; out may be outputs or u. Errors: loss 2e-7 of the sum of |terms| (each row is summed in float64), doutputs
// 6e-8 of its size, samples 3e-7 of |m| + |out - m|. Rows, or values, are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, madd, storeTail, totalWide } from "./lanes";
import { log1p } from "./math";

/** `size` with the sign of d; 0 where d is 0, NaN where it is not finite. */
@inline
function slope(d: v128, size: v128): v128 {
  const signed = v128.or(size, v128.and(d, i32x4.splat(0x80000000)));
  return f32x4.add(v128.and(signed, f32x4.ne(d, f32x4.splat(0))), f32x4.sub(d, d));
}

export function f32_laplace_nll(
  part: i32, parts: i32, outputs: usize, x: usize, loss: usize, doutputs: usize, rate: f32, constant: f32, scale: f32,
  rows: i32, columns: i32,
): void {
  const size = f32x4.splat(rate * scale);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0), j = 0;
    for (; j <= columns - 4; j += 4) {
      const o = row + bytes(j), d = f32x4.sub(v128.load(outputs + o), v128.load(x + o));
      sum = addWide(sum, f32x4.abs(d));
      if (doutputs) v128.store(doutputs + o, slope(d, size));
    }
    if (j < columns) {
      const o = row + bytes(j), k = columns - j, d = f32x4.sub(loadTail(outputs + o, k), loadTail(x + o, k));
      sum = addWide(sum, f32x4.abs(d));
      if (doutputs) storeTail(doutputs + o, slope(d, size), k);
    }
    f32.store(loss + bytes(r), <f32> (<f64> constant * columns + <f64> rate * totalWide(sum)));
  }
}

function quantile(m: v128, u: v128, b: v128): v128 {
  const size = f32x4.neg(log1p(f32x4.neg(f32x4.abs(u))));
  return madd(b, v128.xor(size, v128.and(u, i32x4.splat(0x80000000))), m);
}

export function f32_laplace_sample(
  part: i32, parts: i32, outputs: usize, u: usize, out: usize, b: f32, n: i32,
): void {
  const s = f32x4.splat(b), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i);
    v128.store(out + o, quantile(v128.load(outputs + o), v128.load(u + o), s));
  }
  if (i < end) {
    const o = bytes(i), k = end - i;
    storeTail(out + o, quantile(loadTail(outputs + o, k), loadTail(u + o, k), s), k);
  }
}
