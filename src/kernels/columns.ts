import { f32_copy_columns } from "./bindings.ts";
import type { Matrix } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** dst[r, dstFrom + j] = src[r, srcFrom + j] for j < columns, in each row; the rest of dst stays, and src is another. */
export function copyColumns(
  rt: Runtime,
  dst: Matrix,
  dstFrom: number,
  src: Matrix,
  srcFrom: number,
  columns: number,
): void {
  rt.run(
    f32_copy_columns,
    rt.parts(dst.rows * columns),
    src.ptr,
    src.cols,
    srcFrom,
    dst.ptr,
    dst.cols,
    dstFrom,
    dst.rows,
    columns,
  );
}
