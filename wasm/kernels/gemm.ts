// f32_gemm: C = act(op(A) op(B) + bias), any sizes from 1 up, row-major; op(X) is X or its transpose.
//
// Shapes: op(A) [M, K], op(B) [K, N], C [M, N], bias [N]. `ta`: A is stored [K, M]. `tb`: B is stored [N, K].
// Aliasing: C must not overlap A, B or bias. Nothing is read or written outside the matrices and the scratch.
// Error: |C - exact| <= 2^-24 (min(K, KC) + K / KC + 3) (sum |a b| + |c| + |bias|), and a fraction of that but for
// contrived values; the order of the sum depends on K alone (blocks of at most KC, one multiply-add after the other),
// so the bits do not depend on how the work is split.
//
// Blocking: K in blocks of at most KC, so that a panel of B (12 KB) and one of A (4 KB) stay in the first level cache;
// M in blocks of at most MC, so that packed A (512 KB) stays in the second. A panel of B is packed right before its use.
// A or B is read in place where it is k-major already and packing it would not pay.

import { begin, bytes } from "./lanes";
import { copyPanel, packPanel, packRows } from "./gemm_pack";
import { ACCUMULATE, edge, RELU, tiles } from "./gemm_tile";

const KC: i32 = 256;
const MC: i32 = 512;
const TILE: usize = 4 * 12 * 4;
const PANEL: usize = 12 * KC * 4;

/** Bytes of scratch that each part needs: a tile for the edges, a panel of B, a block of A. */
export const GEMM_SCRATCH: i32 = <i32> (TILE + PANEL) + MC * KC * 4;

/** `byColumns`: parts get columns of C instead of rows. `flags`: 1 adds to what C holds, 2 is ReLU. */
export function f32_gemm(
  part: i32,
  parts: i32,
  byColumns: i32,
  ta: i32,
  tb: i32,
  M: i32,
  N: i32,
  K: i32,
  A: usize,
  B: usize,
  C: usize,
  bias: usize,
  flags: i32,
  scratch: usize,
): void {
  const ws = scratch + <usize> part * GEMM_SCRATCH;
  if (byColumns) {
    rectangle(
      ta,
      tb,
      M,
      N,
      K,
      A,
      B,
      C,
      bias,
      flags,
      0,
      M,
      begin(N, 12, part, parts),
      begin(N, 12, part + 1, parts),
      ws,
    );
  } else {
    rectangle(ta, tb, M, N, K, A, B, C, bias, flags, begin(M, 4, part, parts), begin(M, 4, part + 1, parts), 0, N, ws);
  }
}

/** Rows i0..i1 and columns j0..j1 of C. */
function rectangle(
  ta: i32,
  tb: i32,
  M: i32,
  N: i32,
  K: i32,
  A: usize,
  B: usize,
  C: usize,
  bias: usize,
  flags: i32,
  i0: i32,
  i1: i32,
  j0: i32,
  j1: i32,
  ws: usize,
): void {
  if (i1 <= i0 || j1 <= j0) return;
  const blocks = (K + KC - 1) / KC, step = ((K + blocks - 1) / blocks + 3) & ~3;
  for (let i = i0; i < i1; i += MC) {
    const end = min(i + MC, i1);
    for (let k = 0; k < K; k += step) {
      const last = k + step >= K;
      const now = (k > 0 ? ACCUMULATE : flags & ACCUMULATE) | (last ? flags & RELU : 0);
      block(ta, tb, M, N, K, A, B, C, last ? bias : 0, now, i, end, j0, j1, k, min(step, K - k), ws);
    }
  }
}

/** One block of K for one block of rows: packs A once, then walks the panels of B. */
function block(
  ta: i32,
  tb: i32,
  M: i32,
  N: i32,
  K: i32,
  A: usize,
  B: usize,
  C: usize,
  bias: usize,
  flags: i32,
  i0: i32,
  i1: i32,
  j0: i32,
  j1: i32,
  k0: i32,
  kc: i32,
  ws: usize,
): void {
  const lda = bytes(ta ? M : K), ldb = bytes(tb ? K : N), ldc = bytes(N);
  const rows = i1 - i0, full = rows >> 2, all = (rows + 3) >> 2;
  const tile = ws, panel = ws + TILE, packed = panel + PANEL;
  // Few panels of B: a transposed A is read in place, but for a last panel of less than four rows.
  const aInPlace = ta != 0 && j1 - j0 <= 48;
  const aPacked = aInPlace ? full : 0;
  for (let p = aPacked; p < all; p++) {
    const i = i0 + (p << 2), to = packed + bytes(p << 2) * kc;
    if (ta) copyPanel(A + <usize> k0 * lda + bytes(i), lda, to, min(4, i1 - i), 4, kc);
    else packRows(A + <usize> i * lda + bytes(k0), lda, i1 - i, to, 16, kc);
  }
  const aNext: usize = aInPlace ? 16 : bytes(kc << 2), aStep: usize = aInPlace ? lda : 16;
  const a = aInPlace ? A + <usize> k0 * lda + bytes(i0) : packed;
  const bInPlace = !tb && rows <= 160;
  for (let j = j0; j < j1;) {
    const left = j1 - j, vectors = (left + 3) >> 2;
    const nv = vectors == 4 ? 2 : min(vectors, 3); // ..., 12, 12, then 8 + 8 rather than 12 + 4
    const columns = min(left, nv << 2);
    let b = panel, bStep = bytes(nv << 2);
    if (bInPlace && columns == nv << 2) {
      b = B + <usize> k0 * ldb + bytes(j);
      bStep = ldb;
    } else if (tb) packPanel(B + <usize> j * ldb + bytes(k0), ldb, left, panel, nv, kc);
    else copyPanel(B + <usize> k0 * ldb + bytes(j), ldb, panel, columns, nv << 2, kc);
    const c = C + <usize> i0 * ldc + bytes(j);
    const y = bias ? bias + bytes(j) : 0;
    const whole = columns == nv << 2 ? full : 0;
    if (whole) tiles(nv, a, aNext, aStep, b, bStep, kc, c, ldc, whole, y, flags);
    for (let p = whole; p < all; p++) {
      const inPlace = aInPlace && p < full;
      const ap = inPlace ? a + <usize> p * aNext : packed + bytes(p << 2) * kc;
      tiles(nv, ap, 0, inPlace ? aStep : 16, b, bStep, kc, tile, 48, 1, 0, 0);
      edge(tile, c + <usize> (p << 2) * ldc, ldc, min(4, rows - (p << 2)), columns, y, flags);
    }
    j += columns;
  }
}
