import { f32_firsts } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** out [B, D] = the first of each pair of pairs [B, 2 D]. */
export function firsts(rt: Runtime, out: Matrix, pairs: Matrix): void {
  rt.run(f32_firsts, rt.parts(size(out)), pairs.ptr, out.ptr, size(out));
}
