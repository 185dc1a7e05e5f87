import * as kernels from "../../src/kernels/bindings.ts";
import { define, LENGTHS, wide } from "./entry.ts";

/** Elements a sum. */
const BLOCK = 4096;

/** sums[b] = sum of x^2 over 4096 elements */
export const f32_sum_squares = define({
  kernel: kernels.f32_sum_squares,
  domain: "x of sizes 2^-120 to 2^120, whose squares no float32 could hold, or of 2^-10 to 2^2; zeros among them",
  inputs: ({ n, huge }) => ({ x: huge ? wide(n, -120, 120, n) : wide(n, -10, 2, n) }),
  outputs: ({ n }) => ({ sums: new Float64Array(Math.ceil(n / BLOCK)) }),
  args: (at, { n }) => [at.x, at.sums, n],
  reference({ x }, { n }) {
    const value = new Float64Array(Math.ceil(n / BLOCK));
    for (let i = 0; i < n; i++) value[Math.floor(i / BLOCK)] += x[i] ** 2;
    return { sums: { value, scale: value } };
  },
  tolerance: { sums: 1e-12 },
  sizes: [...LENGTHS, ...[-5, -1, 0, 1, 4, 7].map((more) => BLOCK + more), 2 * BLOCK, 3 * BLOCK + 1, 5 * BLOCK + 13]
    .map((n, i) => ({ n, huge: i % 2 })),
  bench: [{ n: 784 * 400, huge: 0 }],
  work: ({ n }) => ({ flops: 2 * n, bytes: 4 * n }),
});
