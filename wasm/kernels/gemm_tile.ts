// The micro-kernels of f32_gemm: `panels` tiles of 4 rows and 12, 8 or 4 columns down one panel of B.
//
// Instruction slots are the scarce resource: V8 checks the bounds of every load, so a load costs three or four slots.
// "Paired swap" tile: (r0,r1,r0,r1) and (r2,r3,r2,r3) come from one load of four rows of A and two unpacks; each vector
// of B is used as it is and once with neighbours swapped. Per k and 12 columns: 4 loads, 5 shuffles, 12 multiply-adds in
// 12 accumulators, 2 registers for A and 1 for B: the 15 registers that V8 has, and no spill. Accumulator c holds
// (r0c0, r1c1, r0c2, r1c3), d holds (r0c1, r1c0, r0c3, r1c2); `put` untangles them once a tile.
// The break between two steps of k serves odd kc, and keeps the optimizer from merging them into dependent chains.
// deno-fmt-ignore-file: fmt drops @inline

import { madd } from "./lanes";

/** Add to what C holds. */
export const ACCUMULATE: i32 = 1;
/** max(0, .) after the bias. */
export const RELU: i32 = 2;

@inline
function pair(q: v128): v128 {
  return v128.shuffle<i64>(q, q, 0, 0);
}

@inline
function pairHigh(q: v128): v128 {
  return v128.shuffle<i64>(q, q, 1, 1);
}

@inline
function swap(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 1, 0, 3, 2);
}

@inline
function addTo(p: usize, v: v128): v128 {
  return f32x4.add(v, v128.load(p));
}

/** Untangles four columns of a tile and stores their four rows, `off` bytes into the row, with the epilogue. */
@inline
function put(c: usize, ldc: usize, off: usize, c0: v128, d0: v128, c1: v128, d1: v128, bias: usize, flags: i32): void {
  const s0 = swap(d0), s1 = swap(d1);
  let r0 = v128.shuffle<f32>(c0, s0, 0, 5, 2, 7), r1 = v128.shuffle<f32>(s0, c0, 0, 5, 2, 7);
  let r2 = v128.shuffle<f32>(c1, s1, 0, 5, 2, 7), r3 = v128.shuffle<f32>(s1, c1, 0, 5, 2, 7);
  const p0 = c + off, p1 = p0 + ldc, p2 = p1 + ldc, p3 = p2 + ldc;
  if (flags & ACCUMULATE) {
    r0 = addTo(p0, r0);
    r1 = addTo(p1, r1);
    r2 = addTo(p2, r2);
    r3 = addTo(p3, r3);
  }
  if (bias) {
    const y = v128.load(bias + off);
    r0 = f32x4.add(r0, y);
    r1 = f32x4.add(r1, y);
    r2 = f32x4.add(r2, y);
    r3 = f32x4.add(r3, y);
  }
  if (flags & RELU) {
    const z = f32x4.splat(0);
    r0 = f32x4.max(r0, z);
    r1 = f32x4.max(r1, z);
    r2 = f32x4.max(r2, z);
    r3 = f32x4.max(r3, z);
  }
  v128.store(p0, r0);
  v128.store(p1, r1);
  v128.store(p2, r2);
  v128.store(p3, r3);
}

/** Moves the valid part of a scratch tile to C, with the same epilogue as `put`, bit for bit. */
export function edge(tile: usize, c: usize, ldc: usize, rows: i32, columns: i32, bias: usize, flags: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let j: usize = 0; j < <usize> columns << 2; j += 4) {
      let v = f32.load(tile + j);
      if (flags & ACCUMULATE) v += f32.load(c + j);
      if (bias) v += f32.load(bias + j);
      if (flags & RELU) v = max<f32>(v, 0);
      f32.store(c + j, v);
    }
    tile += 48;
    c += ldc;
  }
}

/** `nv` vectors of four columns: 3, 2 or 1. A panel is `aNext` bytes after the last, its k `aStep` apart; B's `bStep`. */
export function tiles(
  nv: i32, a: usize, aNext: usize, aStep: usize, b: usize, bStep: usize, kc: i32,
  c: usize, ldc: usize, panels: i32, bias: usize, flags: i32,
): void {
  if (nv == 3) tiles12(a, aNext, aStep, b, bStep, kc, c, ldc, panels, bias, flags);
  else if (nv == 2) tiles8(a, aNext, aStep, b, bStep, kc, c, ldc, panels, bias, flags);
  else tiles4(a, aNext, aStep, b, bStep, kc, c, ldc, panels, bias, flags);
}

function tiles12(
  a: usize, aNext: usize, aStep: usize, b: usize, bStep: usize, kc: i32,
  c: usize, ldc: usize, panels: i32, bias: usize, flags: i32,
): void {
  for (let p = 0; p < panels; p++) {
    let c00 = f32x4.splat(0), d00 = f32x4.splat(0), c01 = f32x4.splat(0), d01 = f32x4.splat(0), c02 = f32x4.splat(0), d02 = f32x4.splat(0);
    let c10 = f32x4.splat(0), d10 = f32x4.splat(0), c11 = f32x4.splat(0), d11 = f32x4.splat(0), c12 = f32x4.splat(0), d12 = f32x4.splat(0);
    let ap = a, bp = b, n = kc;
    let q: v128, a0: v128, a1: v128, x: v128;
    do {
      q = v128.load(ap);
      ap += aStep;
      a0 = pair(q), a1 = pairHigh(q);
      x = v128.load(bp);
      c00 = madd(a0, x, c00), c10 = madd(a1, x, c10);
      x = swap(x);
      d00 = madd(a0, x, d00), d10 = madd(a1, x, d10);
      x = v128.load(bp, 16);
      c01 = madd(a0, x, c01), c11 = madd(a1, x, c11);
      x = swap(x);
      d01 = madd(a0, x, d01), d11 = madd(a1, x, d11);
      x = v128.load(bp, 32);
      c02 = madd(a0, x, c02), c12 = madd(a1, x, c12);
      x = swap(x);
      d02 = madd(a0, x, d02), d12 = madd(a1, x, d12);
      bp += bStep;
      if (--n == 0) break;
      q = v128.load(ap);
      ap += aStep;
      a0 = pair(q), a1 = pairHigh(q);
      x = v128.load(bp);
      c00 = madd(a0, x, c00), c10 = madd(a1, x, c10);
      x = swap(x);
      d00 = madd(a0, x, d00), d10 = madd(a1, x, d10);
      x = v128.load(bp, 16);
      c01 = madd(a0, x, c01), c11 = madd(a1, x, c11);
      x = swap(x);
      d01 = madd(a0, x, d01), d11 = madd(a1, x, d11);
      x = v128.load(bp, 32);
      c02 = madd(a0, x, c02), c12 = madd(a1, x, c12);
      x = swap(x);
      d02 = madd(a0, x, d02), d12 = madd(a1, x, d12);
      bp += bStep;
    } while (--n);
    put(c, ldc, 0, c00, d00, c10, d10, bias, flags);
    put(c, ldc, 16, c01, d01, c11, d11, bias, flags);
    put(c, ldc, 32, c02, d02, c12, d12, bias, flags);
    a += aNext;
    c += ldc << 2;
  }
}

function tiles8(
  a: usize, aNext: usize, aStep: usize, b: usize, bStep: usize, kc: i32,
  c: usize, ldc: usize, panels: i32, bias: usize, flags: i32,
): void {
  for (let p = 0; p < panels; p++) {
    let c00 = f32x4.splat(0), d00 = f32x4.splat(0), c01 = f32x4.splat(0), d01 = f32x4.splat(0);
    let c10 = f32x4.splat(0), d10 = f32x4.splat(0), c11 = f32x4.splat(0), d11 = f32x4.splat(0);
    let ap = a, bp = b, n = kc;
    let q: v128, a0: v128, a1: v128, x: v128;
    do {
      q = v128.load(ap);
      ap += aStep;
      a0 = pair(q), a1 = pairHigh(q);
      x = v128.load(bp);
      c00 = madd(a0, x, c00), c10 = madd(a1, x, c10);
      x = swap(x);
      d00 = madd(a0, x, d00), d10 = madd(a1, x, d10);
      x = v128.load(bp, 16);
      c01 = madd(a0, x, c01), c11 = madd(a1, x, c11);
      x = swap(x);
      d01 = madd(a0, x, d01), d11 = madd(a1, x, d11);
      bp += bStep;
      if (--n == 0) break;
      q = v128.load(ap);
      ap += aStep;
      a0 = pair(q), a1 = pairHigh(q);
      x = v128.load(bp);
      c00 = madd(a0, x, c00), c10 = madd(a1, x, c10);
      x = swap(x);
      d00 = madd(a0, x, d00), d10 = madd(a1, x, d10);
      x = v128.load(bp, 16);
      c01 = madd(a0, x, c01), c11 = madd(a1, x, c11);
      x = swap(x);
      d01 = madd(a0, x, d01), d11 = madd(a1, x, d11);
      bp += bStep;
    } while (--n);
    put(c, ldc, 0, c00, d00, c10, d10, bias, flags);
    put(c, ldc, 16, c01, d01, c11, d11, bias, flags);
    a += aNext;
    c += ldc << 2;
  }
}

function tiles4(
  a: usize, aNext: usize, aStep: usize, b: usize, bStep: usize, kc: i32,
  c: usize, ldc: usize, panels: i32, bias: usize, flags: i32,
): void {
  for (let p = 0; p < panels; p++) {
    let c00 = f32x4.splat(0), d00 = f32x4.splat(0);
    let c10 = f32x4.splat(0), d10 = f32x4.splat(0);
    let ap = a, bp = b, n = kc;
    let q: v128, a0: v128, a1: v128, x: v128;
    do {
      q = v128.load(ap);
      ap += aStep;
      a0 = pair(q), a1 = pairHigh(q);
      x = v128.load(bp);
      c00 = madd(a0, x, c00), c10 = madd(a1, x, c10);
      x = swap(x);
      d00 = madd(a0, x, d00), d10 = madd(a1, x, d10);
      bp += bStep;
      if (--n == 0) break;
      q = v128.load(ap);
      ap += aStep;
      a0 = pair(q), a1 = pairHigh(q);
      x = v128.load(bp);
      c00 = madd(a0, x, c00), c10 = madd(a1, x, c10);
      x = swap(x);
      d00 = madd(a0, x, d00), d10 = madd(a1, x, d10);
      bp += bStep;
    } while (--n);
    put(c, ldc, 0, c00, d00, c10, d10, bias, flags);
    a += aNext;
    c += ldc << 2;
  }
}
