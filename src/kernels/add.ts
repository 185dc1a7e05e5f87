import { f32_add } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** out = a + b, element by element; out may be a or b, or both. */
export function add(rt: Runtime, out: Matrix, a: Matrix, b: Matrix): void {
  rt.run(f32_add, rt.parts(size(out)), a.ptr, b.ptr, out.ptr, size(out));
}
