import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, LENGTHS, type Numbers, ULP, uniform } from "./entry.ts";
import { density, quantile } from "./normal.ts";

/** Threefry-2x32 with 20 rounds: two words from a key and a counter of two words. */
export function threefry(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const schedule = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDA];
  let x = counter[0] + schedule[0] | 0, y = counter[1] + schedule[1] | 0;
  for (let round = 1; round <= 20; round++) {
    const by = rotations[(round - 1) % 8];
    x = x + y | 0;
    y = (y << by | y >>> 32 - by) ^ x;
    if (round % 4 === 0) {
      const injection = round / 4;
      x = x + schedule[injection % 3] | 0;
      y = y + schedule[(injection + 1) % 3] + injection | 0;
    }
  }
  return [x >>> 0, y >>> 0];
}

/** Element i of a draw. */
function bits({ key0, key1 }: Numbers, i: number): number {
  const [x, y] = threefry([key0, key1], [0, i]);
  return (x ^ y) >>> 0;
}

/** [0, 1) from the upper 23 bits. */
function unit(size: Numbers, i: number): number {
  return (bits(size, i) >>> 9) / 2 ** 23;
}

/** max(low, unit (high - low) + low), each operation rounded to float32. */
function between(size: Numbers, i: number, low: number, high: number): number {
  const range = Math.fround(high - low);
  return Math.max(low, Math.fround(Math.fround(unit(size, i) * range) + low));
}

const KEYS = [{ key0: 0, key1: 42 }, { key0: 0xffffffff, key1: 0x80000000 }];
const SIZES = LENGTHS.flatMap((n, i) => ({ n, ...KEYS[i % 2] }));
const BENCH = BATCHES.map((rows) => ({ n: rows * 20, ...KEYS[0] }));

/** out[i] = the xor of both words for the counter (0, i) */
export const u32_bits = define({
  kernel: kernels.u32_bits,
  domain: "any key",
  inputs: () => ({}),
  outputs: ({ n }) => ({ out: new Uint32Array(n) }),
  args: (at, { key0, key1, n }) => [key0, key1, at.out, n],
  reference: (_, size) => ({ out: { value: Uint32Array.from({ length: size.n }, (_, i) => bits(size, i)) } }),
  tolerance: {},
  sizes: SIZES,
  bench: BENCH,
  work: ({ n }) => ({ bytes: 4 * n }),
});

/** Uniform on [low, high). */
export const f32_uniform = define({
  kernel: kernels.f32_uniform,
  domain: "any key, low < high",
  inputs: () => ({}),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { key0, key1, low, high, n }) => [key0, key1, low, high, at.out, n],
  reference(_, size) {
    const low = Math.fround(size.low), high = Math.fround(size.high);
    return { out: { value: Float32Array.from({ length: size.n }, (_, i) => between(size, i, low, high)) } };
  },
  tolerance: {},
  sizes: SIZES.flatMap((size) => [{ ...size, low: 0, high: 1 }, { ...size, low: -0.1, high: 7 }]),
  bench: BENCH.map((size) => ({ ...size, low: 0, high: 1 })),
  work: ({ n }) => ({ bytes: 4 * n }),
});

const NORMAL_TOLERANCE = 3e-7;

/** Standard normal: the quantile of a uniform. */
export const f32_normal = define({
  kernel: kernels.f32_normal,
  domain: "any key",
  inputs: () => ({}),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { key0, key1, n }) => [key0, key1, at.out, n],
  reference(_, size) {
    const low = -Math.fround(1 - 2 ** -24);
    const u = Float64Array.from({ length: size.n }, (_, i) => between(size, i, low, 1)), value = u.map(quantile);
    // What half an ulp of u^2 does to z, which is much where u is near 1.
    const square = value.map((z, i) => Math.abs(u[i] / (4 * density(z))) * ULP);
    return { out: { value, scale: value.map((z, i) => Math.abs(z) + square[i] / NORMAL_TOLERANCE) } };
  },
  tolerance: { out: NORMAL_TOLERANCE },
  sizes: SIZES,
  bench: BENCH,
  work: ({ n }) => ({ bytes: 4 * n }),
});

/** 1 with probability p, else 0. */
export const f32_bernoulli = define({
  kernel: kernels.f32_bernoulli,
  domain: "any key; p in [-0.1, 1.1]",
  inputs: ({ n }) => ({ p: uniform(n, -0.1, 1.1, n) }),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { key0, key1, n }) => [key0, key1, at.p, at.out, n],
  reference: ({ p }, size) => ({ out: { value: Float32Array.from(p, (p, i) => unit(size, i) < p ? 1 : 0) } }),
  tolerance: {},
  aliases: [{ out: "p" }],
  sizes: SIZES,
  bench: BATCHES.map((rows) => ({ n: rows * 784, ...KEYS[0] })),
  work: ({ n }) => ({ bytes: 8 * n }),
});
