import { f32_gate, f32_gate_bwd } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** Elements of a plain elementwise kernel that one gate is worth. */
const COST = 4;

/** y [B, N] = a sigmoid(b), where ab [B, 2 N] has a and b side by side, as one product with 2 N columns leaves them. */
export function gate(rt: Runtime, y: Matrix, ab: Matrix): void {
  const { rows, cols } = y;
  rt.run(f32_gate, rt.parts(COST * size(y)), ab.ptr, ab.ptr + 4 * cols, ab.cols, y.ptr, rows, cols);
}

/** dab [B, 2 N] = the gradients of a and b side by side, of {@linkcode gate}, from dy [B, N]. dab may be ab. */
export function gateBackward(rt: Runtime, dab: Matrix, dy: Matrix, ab: Matrix): void {
  const { rows, cols } = dy;
  rt.run(
    f32_gate_bwd,
    rt.parts(COST * size(dy)),
    dy.ptr,
    ab.ptr,
    ab.ptr + 4 * cols,
    ab.cols,
    dab.ptr,
    dab.ptr + 4 * cols,
    rows,
    cols,
  );
}

/** y = a sigmoid(b) of two matrices; y may be a or b. */
export function gateBy(rt: Runtime, y: Matrix, a: Matrix, b: Matrix): void {
  rt.run(f32_gate, rt.parts(COST * size(y)), a.ptr, b.ptr, a.cols, y.ptr, a.rows, a.cols);
}

/** da and db, the gradients of {@linkcode gateBy}, from dy. Each may be any of a, b and dy, but they are apart. */
export function gateByBackward(rt: Runtime, da: Matrix, db: Matrix, dy: Matrix, a: Matrix, b: Matrix): void {
  const parts = rt.parts(COST * size(dy));
  rt.run(f32_gate_bwd, parts, dy.ptr, a.ptr, b.ptr, a.cols, da.ptr, db.ptr, a.rows, a.cols);
}
