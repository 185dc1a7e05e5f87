import { copyColumns } from "../kernels/columns.ts";
import { embed, embedBackward, oneHot } from "../kernels/embedding.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";

/**
 * x beside its labels, as Sohn, Lee and Yan, Learning Structured Output Representation using Deep Conditional Generative
 * Models (2015), feed them to encoder and decoder: `[x, table[label]]`, or `[x, one-hot of label]` where there is no table.
 *
 * @param x [B, N]
 * @param labels Where B int32 labels in [0, classes) are; the caller has checked them.
 * @param classes How many classes there are; the rows of `table`, if there is one.
 * @param table [classes, E]: what a label becomes; without it E = classes.
 * @returns [B, N + E], in the arena.
 */
export function withLabels(rt: Runtime, x: Matrix, labels: number, classes: number, table?: Matrix): Matrix {
  const both = rt.arena.matrix(x.rows, x.cols + (table?.cols ?? classes));
  copyColumns(rt, both, 0, x, 0, x.cols);
  if (table) embed(rt, both, table, labels, x.cols);
  else oneHot(rt, both, labels, x.cols);
  return both;
}

/**
 * {@linkcode withLabels}, backward.
 *
 * @param dboth [B, N + E]
 * @param dx Where the gradient of x [B, N] goes; left out where nobody needs it.
 * @param dtable Where the gradient of the table [C, E] goes, 0 for a class without examples; left out without a table.
 */
export function withLabelsBackward(
  rt: Runtime,
  dboth: Matrix,
  dx: Matrix | undefined,
  dtable: Matrix | undefined,
  labels: number,
): void {
  if (dx) copyColumns(rt, dx, 0, dboth, 0, dx.cols);
  if (dtable) embedBackward(rt, dtable, dboth, labels, dboth.cols - dtable.cols);
}
