import { f32_embed, f32_embed_bwd, f32_one_hot } from "./bindings.ts";
import type { Matrix } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/**
 * out[r, from + j] = table[labels[r], j]: table [C, E], out of at least from + E columns, of which the others stay.
 *
 * @param labels Where int32 labels in [0, C) are, one for each row of out; nobody checks them here.
 */
export function embed(rt: Runtime, out: Matrix, table: Matrix, labels: number, from = 0): void {
  rt.run(f32_embed, rt.parts(out.rows * table.cols), table.ptr, labels, out.ptr, out.cols, from, out.rows, table.cols);
}

/** dtable [C, E]: each class's sum of dy[r, from...] over the rows r that it labels, 0 where it labels none. */
export function embedBackward(rt: Runtime, dtable: Matrix, dy: Matrix, labels: number, from = 0): void {
  rt.run(
    f32_embed_bwd,
    rt.parts(dy.rows * dtable.cols),
    dy.ptr,
    dy.cols,
    from,
    labels,
    dtable.ptr,
    dy.rows,
    dtable.rows,
    dtable.cols,
  );
}

/** out[r, from + c] = 1 where c = labels[r], else 0, in all columns after the first `from`, which stay. */
export function oneHot(rt: Runtime, out: Matrix, labels: number, from = 0): void {
  const classes = out.cols - from;
  rt.run(f32_one_hot, rt.parts(out.rows * classes), labels, out.ptr, out.cols, from, out.rows, classes);
}
