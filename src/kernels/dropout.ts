import { f32_dropout } from "./bindings.ts";
import { COST, type Words } from "./draw.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/**
 * y = x m / (1 - p), where m is 1 with probability 1 - p, else 0, element by element: what `drawUniform` on [0, 1) with
 * this key does not draw below p. The same call takes dy to dx, so no mask is kept. y may be x; p in [0, 1).
 */
export function dropout(rt: Runtime, y: Matrix, x: Matrix, [k0, k1]: Words, p: number): void {
  rt.run(f32_dropout, rt.parts(COST * size(x)), k0, k1, p, x.ptr, y.ptr, size(x));
}
