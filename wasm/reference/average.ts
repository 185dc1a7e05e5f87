import * as kernels from "../../src/kernels/bindings.ts";
import { define, LENGTHS, ULP, wide } from "./entry.ts";

/** newAverage = average + rate (x - average) */
export const f32_average = define({
  kernel: kernels.f32_average,
  domain: "average and x of sizes 2^-20 to 2^3, zeros among them; a rate of 1/1000, of 1/11, or of 1",
  inputs: ({ n }) => ({ average: wide(n, -20, 3, n), x: wide(n, -20, 3, 3 * n) }),
  outputs: ({ n }) => ({ newAverage: new Float32Array(n) }),
  args: (at, { n, inverse }) => [at.average, at.x, at.newAverage, n, Math.fround(1 / inverse)],
  reference({ average, x }, { n, inverse }) {
    const value = new Float64Array(n), scale = new Float64Array(n), rate = Math.fround(1 / inverse);
    for (let i = 0; i < n; i++) {
      const change = rate * (x[i] - average[i]);
      value[i] = average[i] + change;
      scale[i] = Math.abs(value[i]) + 3 * Math.abs(change);
    }
    return { newAverage: { value, scale } };
  },
  tolerance: { newAverage: ULP },
  aliases: [{ newAverage: "average" }],
  sizes: LENGTHS.map((n, i) => ({ n, inverse: [1000, 11, 1][i % 3] })),
  bench: [{ n: 784 * 400, inverse: 1000 }],
  work: ({ n }) => ({ bytes: 12 * n }),
});
