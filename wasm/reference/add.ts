import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, LENGTHS, wide } from "./entry.ts";

/** out = a + b */
export const f32_add = define({
  kernel: kernels.f32_add,
  domain: "a and b of either sign, their sizes from 2^-20 to 2^20, or 0",
  inputs: ({ n }) => ({ a: wide(n, -20, 20, n), b: wide(n, -20, 20, 3 * n) }),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.a, at.b, at.out, n],
  // A sum of two float32 that is rounded to float64 and then to float32 is what one rounding gives.
  reference: ({ a, b }) => ({ out: { value: Float32Array.from(a, (a, i) => a + b[i]) } }),
  tolerance: {},
  aliases: [{ out: "a" }, { out: "b" }],
  sizes: LENGTHS.map((n) => ({ n })),
  bench: BATCHES.map((rows) => ({ n: rows * 400 })),
  work: ({ n }) => ({ bytes: 12 * n }),
});
