// f32_copy_columns: a block of columns from one matrix to another: dst[r, dstFrom + j] = src[r, srcFrom + j] for
// j < columns. What else dst holds stays.
//
// Shapes: src [rows, srcColumns], dst [rows, dstColumns]; they must not overlap. Exact. Rows are split over the parts.

import { begin, bytes, loadTail, storeTail } from "./lanes";

/** `columns` floats from one place to another. */
export function copyRow(from: usize, to: usize, columns: i32): void {
  const whole = columns & ~3, rest = columns & 3;
  for (let j = 0; j < whole; j += 4) v128.store(to + bytes(j), v128.load(from + bytes(j)));
  if (rest) storeTail(to + bytes(whole), loadTail(from + bytes(whole), rest), rest);
}

export function f32_copy_columns(
  part: i32,
  parts: i32,
  src: usize,
  srcColumns: i32,
  srcFrom: i32,
  dst: usize,
  dstColumns: i32,
  dstFrom: i32,
  rows: i32,
  columns: i32,
): void {
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const from = src + bytes(r) * srcColumns + bytes(srcFrom), to = dst + bytes(r) * dstColumns + bytes(dstFrom);
    copyRow(from, to, columns);
  }
}
