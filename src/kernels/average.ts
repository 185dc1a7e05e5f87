import { f32_average } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** to = from + rate (x - from): a moving average; `to` may be `from`. */
export function average(rt: Runtime, to: Matrix, from: Matrix, x: Matrix, rate: number): void {
  rt.run(f32_average, rt.parts(size(to)), from.ptr, x.ptr, to.ptr, size(to), rate);
}
