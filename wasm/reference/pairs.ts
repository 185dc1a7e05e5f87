import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, type Buffers, define, GRID, LENGTHS, type Numbers, uniform } from "./entry.ts";

/** A likelihood's loss, and its gradient where that is asked for: `outputs` parameters for each value. */
export function lossAndGradient({ rows, columns, gradient }: Numbers, outputs: number): Buffers {
  const loss = new Float32Array(rows);
  return gradient ? { loss, doutputs: new Float32Array(outputs * rows * columns) } : { loss };
}

/** Cases of a likelihood's loss, with gradient and without. */
export const LOSSES = {
  sizes: GRID.flatMap((size) => [{ ...size, gradient: 1, scale: 1 / 128 }, { ...size, gradient: 0, scale: 0 }]),
  bench: BATCHES.flatMap((rows) =>
    [1, 0].map((gradient) => ({ rows, columns: 784, gradient, scale: gradient / rows }))
  ),
};

/** Cases of what is done value by value. */
export const FLAT = { sizes: LENGTHS.map((n) => ({ n })), bench: BATCHES.map((rows) => ({ n: rows * 784 })) };

/** Pairs of `first` and `second`, as outputs with two parameters a value have them. */
export function interleave(first: Float32Array, second: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: 2 * first.length }, (_, i) => (i & 1 ? second : first)[i >> 1]);
}

/** out[i] = pairs[2 i] */
export const f32_firsts = define({
  kernel: kernels.f32_firsts,
  domain: "any number",
  inputs: ({ n }) => ({ pairs: uniform(2 * n, -9, 9, n) }),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.pairs, at.out, n],
  reference: ({ pairs }, { n }) => ({ out: { value: Float32Array.from({ length: n }, (_, i) => pairs[2 * i]) } }),
  tolerance: {},
  ...FLAT,
  work: ({ n }) => ({ bytes: 12 * n }),
});
