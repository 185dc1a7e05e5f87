// Packing for f32_gemm: panels in which the elements of one k lie together. Lanes past a matrix's edge are filled with
// whatever is near (they only reach results that are thrown away), but nothing past the edge is read.

import { bytes, loadTail } from "./lanes";

/** Copies kc rows of `columns` floats (rows ld bytes apart) into rows of `width` floats; `width` is 4, 8 or 12. */
export function copyPanel(from: usize, ld: usize, to: usize, columns: i32, width: i32, kc: i32): void {
  if (columns < width) {
    const whole = columns & ~3, rest = columns & 3;
    for (let k = 0; k < kc; k++) {
      for (let j = 0; j < whole; j += 4) v128.store(to + bytes(j), v128.load(from + bytes(j)));
      if (rest) v128.store(to + bytes(whole), loadTail(from + bytes(whole), rest));
      from += ld;
      to += bytes(width);
    }
  } else if (width == 12) {
    for (let k = 0; k < kc; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32);
      from += ld;
      to += 48;
    }
  } else if (width == 8) {
    for (let k = 0; k < kc; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += ld;
      to += 32;
    }
  } else {
    for (let k = 0; k < kc; k++) {
      v128.store(to, v128.load(from));
      from += ld;
      to += 16;
    }
  }
}

/** Transposes `nv` groups of four rows (`rows` of them exist) of kc floats into [kc][4 nv]. */
export function packPanel(from: usize, ld: usize, rows: i32, to: usize, nv: i32, kc: i32): void {
  for (let v = 0; v < nv; v++) packRows(from + bytes(v) * ld, ld, rows - (v << 2), to + (<usize> v << 4), bytes(nv << 2), kc);
}

/** Transposes `rows` (1 to 4; missing ones repeat the first) rows of kc floats into [kc][4], `step` bytes a k. */
export function packRows(s0: usize, ld: usize, rows: i32, to: usize, step: usize, kc: i32): void {
  let s1 = rows > 1 ? s0 + ld : s0, s2 = rows > 2 ? s1 + ld : s0, s3 = rows > 3 ? s2 + ld : s0;
  let k = kc;
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(s0), r1 = v128.load(s1), r2 = v128.load(s2), r3 = v128.load(s3);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(t0, t2, 0, 2));
    to += step;
    v128.store(to, v128.shuffle<i64>(t0, t2, 1, 3));
    to += step;
    v128.store(to, v128.shuffle<i64>(t1, t3, 0, 2));
    to += step;
    v128.store(to, v128.shuffle<i64>(t1, t3, 1, 3));
    to += step;
    s0 += 16; s1 += 16; s2 += 16; s3 += 16;
  }
  for (; k > 0; k--) {
    f32.store(to, f32.load(s0));
    f32.store(to, f32.load(s1), 4);
    f32.store(to, f32.load(s2), 8);
    f32.store(to, f32.load(s3), 12);
    to += step;
    s0 += 4; s1 += 4; s2 += 4; s3 += 4;
  }
}
