// f32_firsts: out[i] = pairs[2 i], i < n; and what kernels on outputs with two parameters a value are built from: the
// parameters of value i stand at 2 i and 2 i + 1, so four values are two vectors.
//
// Shapes: pairs [2 n], out [n], apart from each other. No errors. Elements are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, storeTail } from "./lanes";

/** The first of each of four pairs. */
@inline
export function firsts(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(low, high, 0, 2, 4, 6);
}

/** The second of each of four pairs. */
@inline
export function seconds(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(low, high, 1, 3, 5, 7);
}

/** The first vector of the `n` (1 to 4) pairs at `p`, zero where there is no pair; never reads past them. */
@inline
export function loadLow(p: usize, n: i32): v128 {
  return n == 1 ? v128.load64_zero(p) : v128.load(p);
}

/** The second vector of those pairs. */
@inline
export function loadHigh(p: usize, n: i32): v128 {
  return n == 4 ? v128.load(p, 16) : n == 3 ? v128.load64_zero(p, 16) : f32x4.splat(0);
}

/** Stores the first `n` (1 to 4) pairs of `first` and `second` at `p`, and nothing else. */
export function storePairs(p: usize, first: v128, second: v128, n: i32): void {
  const low = v128.shuffle<f32>(first, second, 0, 4, 1, 5), high = v128.shuffle<f32>(first, second, 2, 6, 3, 7);
  if (n == 1) return v128.store64_lane(p, low, 0);
  v128.store(p, low);
  if (n == 4) v128.store(p, high, 16);
  else if (n == 3) v128.store64_lane(p, high, 0, 16);
}

export function f32_firsts(part: i32, parts: i32, pairs: usize, out: usize, n: i32): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const p = pairs + 2 * bytes(i);
    v128.store(out + bytes(i), firsts(v128.load(p), v128.load(p, 16)));
  }
  if (i < end) {
    const p = pairs + 2 * bytes(i), k = end - i;
    storeTail(out + bytes(i), firsts(loadLow(p, k), loadHigh(p, k)), k);
  }
}
