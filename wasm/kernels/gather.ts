// f32_gather: a batch from a dataset of bytes: out[r, j] = images[indices[r], j] / divisor, exactly rounded.
// f32_find_outside: where a value is not in [low, high] (NaN is not): found[part] = its first index in the part, or -1.
//
// Shapes: images [., columns] uint8, indices [rows] int32 (in range: the caller has checked), out [rows, columns].
// Rows, and elements, are split over the parts.

import { begin, bytes } from "./lanes";

export function f32_gather(
  part: i32,
  parts: i32,
  images: usize,
  indices: usize,
  out: usize,
  rows: i32,
  columns: i32,
  divisor: f32,
): void {
  const d = f32x4.splat(divisor);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    let from = images + <usize> i32.load(indices + bytes(r)) * columns, to = out + bytes(r) * columns;
    let j = 0;
    for (; j <= columns - 8; j += 8) {
      const u = v128.load64_zero(from);
      const w = i16x8.extend_low_i8x16_u(u);
      v128.store(to, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(w)), d));
      v128.store(to, f32x4.div(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(w)), d), 16);
      from += 8;
      to += 32;
    }
    for (; j < columns; j++) {
      f32.store(to, <f32> load<u8>(from) / divisor);
      from += 1;
      to += 4;
    }
  }
}

export function f32_find_outside(part: i32, parts: i32, x: usize, n: i32, low: f32, high: f32, found: usize): void {
  const lo = f32x4.splat(low), hi = f32x4.splat(high), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const v = v128.load(x + bytes(i));
    if (!i32x4.all_true(v128.and(f32x4.ge(v, lo), f32x4.le(v, hi)))) break;
  }
  for (; i < end; i++) {
    const v = f32.load(x + bytes(i));
    if (!(v >= low && v <= high)) break;
  }
  i32.store(found + bytes(part), i < end ? i : -1);
}
