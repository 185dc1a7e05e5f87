/**
 * Threefry-2x32 and what JAX makes of it, in integers and float64: the reference of the random tests. Written from the
 * paper (Salmon et al. 2011) and JAX's documentation, apart from src/ and wasm/.
 */
import { erf } from "./reference.ts";

const wrap = (x: bigint) => x & 0xffffffffn;
const rotate = (x: bigint, by: bigint) => wrap(x << by) | x >> 32n - by;
const ROTATIONS = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n];

/** Twenty rounds on the counter (x, y). */
export function threefry(key: readonly [number, number], x: number, y: number): [number, number] {
  const [k0, k1] = key.map(BigInt), ks = [k0, k1, 0x1bd11bdan ^ k0 ^ k1];
  let a = wrap(BigInt(x) + k0), b = wrap(BigInt(y) + k1);
  for (let round = 0; round < 20; round++) {
    a = wrap(a + b);
    b = rotate(b, ROTATIONS[round % 8]) ^ a;
    if (round % 4 < 3) continue;
    const injection = (round + 1) / 4;
    a = wrap(a + ks[injection % 3]);
    b = wrap(b + ks[(injection + 1) % 3] + BigInt(injection));
  }
  return [Number(a), Number(b)];
}

/** jax.random.bits(key, [n]) with jax_threefry_partitionable: the xor of both words for the counter (0, i). */
export function bits(key: readonly [number, number], n: number): number[] {
  return Array.from({ length: n }, (_, i) => {
    const [a, b] = threefry(key, 0, i);
    return (a ^ b) >>> 0;
  });
}

/** jax.random.uniform in float32, operation by operation: 23 bits are the mantissa of a float in [1, 2). */
export function uniform(key: readonly [number, number], n: number, low = 0, high = 1): number[] {
  const [lo, hi] = [Math.fround(low), Math.fround(high)], range = Math.fround(hi - lo);
  return bits(key, n).map((word) => {
    const unit = (word >>> 9) / 2 ** 23;
    return Math.max(lo, Math.fround(Math.fround(unit * range) + lo));
  });
}

/** sqrt(2) erfinv(u) in float64, for the u of jax.random.normal. */
export function normal(key: readonly [number, number], n: number): number[] {
  return uniform(key, n, -0.99999994, 1).map((u) => Math.SQRT2 * erfinv(u));
}

/** The same, but with u^2 rounded to float32 as JAX computes it, which shows where u is near 1. */
export function normalOfJax(key: readonly [number, number], n: number): number[] {
  return uniform(key, n, -0.99999994, 1).map((u) => {
    const v = Math.sqrt(Math.fround(u * u));
    return v === 0 ? 0 : Math.SQRT2 * erfinv(v) * (u / v);
  });
}

/** jax.random.normal(key, [n]) as it was before jax_threefry_partitionable became the default. */
export function normalUnpartitioned(key: readonly [number, number], n: number): number[] {
  const half = Math.ceil(n / 2),
    pairs = Array.from({ length: half }, (_, i) => threefry(key, i, i + half < n ? i + half : 0));
  return [...pairs.map(([a]) => a), ...pairs.map(([, b]) => b)].slice(0, n).map((word) => {
    const low = Math.fround(-0.99999994);
    return Math.SQRT2 * erfinv(Math.max(low, Math.fround((word >>> 9) / 2 ** 22 + low)));
  });
}

/** The inverse of erf by Halley's method from Winitzki's approximation. */
export function erfinv(u: number): number {
  if (u === 0) return 0;
  const a = 0.147, log = Math.log1p(-u * u), half = 2 / (Math.PI * a) + log / 2;
  let x = Math.sign(u) * Math.sqrt(Math.sqrt(half * half - log / a) - half);
  for (let i = 0; i < 3; i++) {
    const newton = (erf(x) - u) * Math.sqrt(Math.PI) / 2 * Math.exp(x * x);
    x -= newton / (1 + x * newton);
  }
  return x;
}
