import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, LENGTHS, uniform } from "./entry.ts";
import { threefry } from "./threefry.ts";

const KEYS = [{ key0: 0, key1: 42 }, { key0: 0xffffffff, key1: 0x80000000 }];

/** y[i] = x[i] m[i] / (1 - p), with m[i] = 1 where the uniform of element i is p or more */
export const f32_dropout = define({
  kernel: kernels.f32_dropout,
  domain: "any key, p in [0, 1); x in [-4, 4]",
  inputs: ({ n }) => ({ x: uniform(n, -4, 4, n) }),
  outputs: ({ n }) => ({ y: new Float32Array(n) }),
  args: (at, { key0, key1, p, n }) => [key0, key1, p, at.x, at.y, n],
  reference({ x }, { key0, key1, p: given }) {
    const p = Math.fround(given);
    const value = Float64Array.from(x, (x, i) => {
      const [a, b] = threefry([key0, key1], [0, i]);
      return ((a ^ b) >>> 9) / 2 ** 23 >= p ? x / (1 - p) : x * 0;
    });
    return { y: { value, scale: value.map(Math.abs) } };
  },
  tolerance: { y: 2e-7 },
  aliases: [{ y: "x" }],
  sizes: [0, 0.1, 0.5, 0.9, 1 - 2 ** -20].flatMap((p, j) => LENGTHS.map((n, i) => ({ n, p, ...KEYS[(i + j) % 2] }))),
  bench: BATCHES.map((rows) => ({ n: rows * 400, p: 0.5, ...KEYS[0] })),
  work: ({ n }) => ({ bytes: 8 * n }),
});
