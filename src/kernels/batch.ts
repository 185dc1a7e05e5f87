import { f32_find_outside, f32_gather } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** The largest float32: what is not within it and its negative is not finite. */
export const MOST = 3.4028234663852886e38;

/** out[r] = images[indices[r]] / 255; images are rows of out.cols bytes at `images`, indices int32 at `indices`. */
export function gather(rt: Runtime, out: Matrix, images: number, indices: number): void {
  rt.run(f32_gather, rt.parts(size(out)), images, indices, out.ptr, out.rows, out.cols, 255);
}

/** The index of the first value that is not in [low, high] (NaN never is), or -1. */
export function findOutside(rt: Runtime, x: Matrix, low: number, high: number): number {
  return rt.arena.scope(() => {
    const parts = rt.parts(size(x)), found = rt.arena.take(4 * parts);
    rt.run(f32_find_outside, parts, x.ptr, size(x), low, high, found);
    return new Int32Array(rt.heap.memory.buffer, found, parts).find((i) => i >= 0) ?? -1;
  });
}
