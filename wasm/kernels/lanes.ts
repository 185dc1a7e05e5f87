// What every kernel here is built from: the multiply-add of the build at hand, and the split of work over parts.
// deno-fmt-ignore-file: fmt drops @inline

/** a * b + acc: one rounding where the build has relaxed SIMD and the machine FMA, two roundings otherwise. */
@inline
export function madd(a: v128, b: v128, acc: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, acc) : f32x4.add(f32x4.mul(a, b), acc);
}

/** Where part `part` of `parts` begins when `n` elements are shared out in whole units; part `parts` begins at n. */
@inline
export function begin(n: i32, unit: i32, part: i32, parts: i32): i32 {
  const units = (n + unit - 1) / unit;
  return min(<i32> (<i64> units * part / parts) * unit, n);
}

/** The bytes of `n` float32. */
@inline
export function bytes(n: i32): usize {
  return <usize> n << 2;
}

/** The first `n` (1 to 3) floats at `p`, the other lanes zero; never reads past them. */
export function loadTail(p: usize, n: i32): v128 {
  let v = v128.load32_zero(p);
  if (n > 1) v = f32x4.replace_lane(v, 1, f32.load(p, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, f32.load(p, 8));
  return v;
}

/** Stores the first `n` (1 to 3) lanes at `p`, and nothing else. */
export function storeTail(p: usize, v: v128, n: i32): void {
  f32.store(p, f32x4.extract_lane(v, 0));
  if (n > 1) f32.store(p, f32x4.extract_lane(v, 1), 4);
  if (n > 2) f32.store(p, f32x4.extract_lane(v, 2), 8);
}

/** All bits set in the first `n` lanes. */
@inline
export function mask(n: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n));
}

/** Four floats added to two sums of float64. */
@inline
export function addWide(sum: v128, x: v128): v128 {
  const high = v128.shuffle<i64>(x, x, 1, 1);
  return f64x2.add(sum, f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(high)));
}

/** The sum of both lanes, rounded to float32. */
@inline
export function total(sum: v128): f32 {
  return <f32> (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** Lanes 0 and 1 as float64. */
@inline
export function wideLow(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** Lanes 2 and 3 as float64. */
@inline
export function wideHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
}

/** Four float64, rounded to float32. */
@inline
export function narrow(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** The first `n` (1 to 4) floats at `p`, the other lanes zero; a constant 4 is one plain load. */
@inline
export function loadUpTo(p: usize, n: i32): v128 {
  return n < 4 ? loadTail(p, n) : v128.load(p);
}

/** Stores the first `n` (1 to 4) lanes at `p`, and nothing else. */
@inline
export function storeUpTo(p: usize, v: v128, n: i32): void {
  if (n < 4) storeTail(p, v, n);
  else v128.store(p, v);
}
