import { f32_sum_squares } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** Elements that the kernel sums up; see wasm/kernels/sum_squares.ts. */
const BLOCK = 4096;

/** The sum of the squares of all elements, in float64: the same bits for any number of threads. */
export function sumSquares(rt: Runtime, x: Matrix): number {
  const n = size(x), blocks = Math.ceil(n / BLOCK);
  return rt.arena.scope(() => {
    const sums = rt.arena.take(8 * blocks);
    rt.run(f32_sum_squares, rt.parts(n), x.ptr, sums, n);
    return new Float64Array(rt.heap.memory.buffer, sums, blocks).reduce((sum, part) => sum + part, 0);
  });
}
