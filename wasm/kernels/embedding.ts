// Labels as vectors: rows of a learned table, or of the identity.
//
// f32_embed      out[r, outFrom + j] = table[labels[r], j]
// f32_one_hot    out[r, outFrom + c] = 1 where c = labels[r], else 0
// f32_embed_bwd  dtable[c, j] = sum over the rows r with labels[r] = c of dy[r, dyFrom + j]; 0 for a class without rows
//
// Shapes: labels [rows] int32 in [0, classes) (the caller has checked); table, dtable [classes, columns];
// out [rows, outColumns], of which other columns stay; dy [rows, dyColumns]. Outputs overlap no input.
// Errors: none but in dtable, 2^-24 rows of the sum of |terms|. Rows, and for dtable classes, are split over the parts.

import { copyRow } from "./columns";
import { begin, bytes, loadTail, storeTail } from "./lanes";

export function f32_embed(
  part: i32,
  parts: i32,
  table: usize,
  labels: usize,
  out: usize,
  outColumns: i32,
  outFrom: i32,
  rows: i32,
  columns: i32,
): void {
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const from = table + bytes(i32.load(labels + bytes(r))) * columns;
    copyRow(from, out + bytes(r) * outColumns + bytes(outFrom), columns);
  }
}

export function f32_one_hot(
  part: i32,
  parts: i32,
  labels: usize,
  out: usize,
  outColumns: i32,
  outFrom: i32,
  rows: i32,
  classes: i32,
): void {
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const to = out + bytes(r) * outColumns + bytes(outFrom), label = i32.load(labels + bytes(r));
    for (let c = 0; c < classes; c++) f32.store(to + bytes(c), <f32> i32(c == label));
  }
}

export function f32_embed_bwd(
  part: i32,
  parts: i32,
  dy: usize,
  dyColumns: i32,
  dyFrom: i32,
  labels: usize,
  dtable: usize,
  rows: i32,
  classes: i32,
  columns: i32,
): void {
  const c0 = begin(classes, 1, part, parts), c1 = begin(classes, 1, part + 1, parts);
  const whole = columns & ~3, rest = columns & 3, stop = dtable + bytes(c1) * columns;
  for (let to = dtable + bytes(c0) * columns; to < stop; to += 4) f32.store(to, 0);
  for (let r = 0; r < rows; r++) {
    const label = i32.load(labels + bytes(r));
    if (label < c0 || label >= c1) continue;
    const from = dy + bytes(r) * dyColumns + bytes(dyFrom), to = dtable + bytes(label) * columns;
    for (let j = 0; j < whole; j += 4) {
      const o = bytes(j);
      v128.store(to + o, f32x4.add(v128.load(to + o), v128.load(from + o)));
    }
    if (rest) {
      const o = bytes(whole);
      storeTail(to + o, f32x4.add(loadTail(to + o, rest), loadTail(from + o, rest)), rest);
    }
  }
}
