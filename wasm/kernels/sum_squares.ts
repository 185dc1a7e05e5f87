// f32_sum_squares: sums[b] = the sum of x^2 over block b of x, that is elements BLOCK b to BLOCK (b + 1), in float64, so
// that no square of a float32 overflows. The caller adds the sums.
//
// Shapes: x [n] float32, sums [ceil(n / BLOCK)] float64. Whole blocks are split over the parts: a sum is that of one part
// in one order, whatever the number of parts. Error: 1e-12 of the sum.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail } from "./lanes";

/** Elements a sum: few enough that parts get equal shares, many enough that the caller has next to nothing to add. */
const BLOCK: i32 = 4096;

@inline
function square(x: v128): v128 {
  return f64x2.mul(x, x);
}

/** Lanes 0 and 1 as float64, squared; lanes 2 and 3. */
@inline
function low(x: v128): v128 {
  return square(f64x2.promote_low_f32x4(x));
}

@inline
function high(x: v128): v128 {
  return square(f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1)));
}

export function f32_sum_squares(part: i32, parts: i32, x: usize, sums: usize, n: i32): void {
  const blocks = (n + BLOCK - 1) / BLOCK;
  for (let b = begin(blocks, 1, part, parts), last = begin(blocks, 1, part + 1, parts); b < last; b++) {
    let i = b * BLOCK;
    const end = min(i + BLOCK, n);
    // Four sums that do not wait for each other.
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (; i <= end - 8; i += 8) {
      const v = v128.load(x + bytes(i)), w = v128.load(x + bytes(i), 16);
      s0 = f64x2.add(s0, low(v));
      s1 = f64x2.add(s1, high(v));
      s2 = f64x2.add(s2, low(w));
      s3 = f64x2.add(s3, high(w));
    }
    for (; i < end; i += 4) {
      const k = end - i, v = k >= 4 ? v128.load(x + bytes(i)) : loadTail(x + bytes(i), k); // 0 beyond the end
      s0 = f64x2.add(s0, low(v));
      s1 = f64x2.add(s1, high(v));
    }
    const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    f64.store(sums + (<usize> b << 3), f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1));
  }
}
