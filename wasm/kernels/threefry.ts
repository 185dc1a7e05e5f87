// Threefry-2x32 with 20 rounds (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011), used as JAX uses it
// with jax_threefry_partitionable: element i of a draw is the xor of both output words for the counter (0, i).
//
// u32_bits          out[i] = the 32 bits
// f32_uniform       the upper 23 bits as f in [0, 1), then max(low, f (high - low) + low), unfused: JAX's bits
// f32_normal        sqrt(2) erfinv(u), u uniform in [-1 + 2^-24, 1); error 6e-6 relative, but within 1e-6 of JAX's
// f32_bernoulli     out[i] = uniform < p[i] ? 1 : 0; out may be p
//
// Elements are split over the parts; n is below 2^31.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail, storeTail } from "./lanes";
import { normalQuantile } from "./math";

@inline
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** The bits of elements i to i + 3. */
export function draw(key0: i32, key1: i32, i: i32): v128 {
  const k0 = i32x4.splat(key0), k1 = i32x4.splat(key1), k2 = i32x4.splat(key0 ^ key1 ^ 0x1BD11BDA);
  let x = k0, y = i32x4.add(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), k1);
  for (let round = 0; round < 5; round++) {
    if ((round & 1) == 0) {
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 13), x);
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 15), x);
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 26), x);
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 6), x);
    } else {
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 17), x);
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 29), x);
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 16), x);
      x = i32x4.add(x, y), y = v128.xor(rotate(y, 24), x);
    }
    // The key schedule: words round + 1 and round + 2 of (k0, k1, k2), modulo 3.
    const first = round == 0 || round == 3 ? k1 : round == 1 || round == 4 ? k2 : k0;
    const second = round == 0 || round == 3 ? k2 : round == 1 || round == 4 ? k0 : k1;
    x = i32x4.add(x, first);
    y = i32x4.add(y, i32x4.add(second, i32x4.splat(round + 1)));
  }
  return v128.xor(x, y);
}

/** [0, 1) from the upper 23 bits. */
@inline
export function unit(bits: v128): v128 {
  return f32x4.sub(v128.or(i32x4.shr_u(bits, 9), i32x4.splat(0x3f800000)), f32x4.splat(1));
}

@inline
function between(bits: v128, low: v128, range: v128): v128 {
  return f32x4.max(low, f32x4.add(f32x4.mul(unit(bits), range), low));
}

@inline
function normal(bits: v128): v128 {
  return normalQuantile(between(bits, f32x4.splat(-0.99999994), f32x4.splat(2)));
}

export function u32_bits(part: i32, parts: i32, key0: i32, key1: i32, out: usize, n: i32): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) v128.store(out + bytes(i), draw(key0, key1, i));
  if (i < end) storeTail(out + bytes(i), draw(key0, key1, i), end - i);
}

export function f32_uniform(
  part: i32, parts: i32, key0: i32, key1: i32, low: f32, high: f32, out: usize, n: i32,
): void {
  const lo = f32x4.splat(low), range = f32x4.splat(high - low), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) v128.store(out + bytes(i), between(draw(key0, key1, i), lo, range));
  if (i < end) storeTail(out + bytes(i), between(draw(key0, key1, i), lo, range), end - i);
}

export function f32_normal(part: i32, parts: i32, key0: i32, key1: i32, out: usize, n: i32): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) v128.store(out + bytes(i), normal(draw(key0, key1, i)));
  if (i < end) storeTail(out + bytes(i), normal(draw(key0, key1, i)), end - i);
}

export function f32_bernoulli(part: i32, parts: i32, key0: i32, key1: i32, p: usize, out: usize, n: i32): void {
  const end = begin(n, 16, part + 1, parts), one = f32x4.splat(1);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    v128.store(out + bytes(i), v128.and(f32x4.lt(unit(draw(key0, key1, i)), v128.load(p + bytes(i))), one));
  }
  if (i < end) {
    const k = end - i;
    storeTail(out + bytes(i), v128.and(f32x4.lt(unit(draw(key0, key1, i)), loadTail(p + bytes(i), k)), one), k);
  }
}
