import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, GRID, type Numbers, uniform } from "./entry.ts";

/** Columns of a case: the block's, and how many each matrix has before and after it. */
function layout({ columns, before, after }: Numbers) {
  return { srcFrom: before, srcColumns: before + columns + after, dstFrom: after, dstColumns: 2 * after + columns };
}

/** dst[r, dstFrom + j] = src[r, srcFrom + j] */
export const f32_copy_columns = define({
  kernel: kernels.f32_copy_columns,
  domain: "src and dst in [-1, 1]",
  inputs(size) {
    const { rows } = size, { srcColumns, dstColumns } = layout(size);
    return { src: uniform(rows * srcColumns, -1, 1, rows), dst: uniform(rows * dstColumns, -1, 1, 3 * rows) };
  },
  outputs: (size) => ({ dst: new Float32Array(size.rows * layout(size).dstColumns) }),
  args(at, size) {
    const { srcColumns, srcFrom, dstColumns, dstFrom } = layout(size);
    return [at.src, srcColumns, srcFrom, at.dst, dstColumns, dstFrom, size.rows, size.columns];
  },
  reference({ src, dst }, size) {
    const { rows, columns } = size, { srcColumns, srcFrom, dstColumns, dstFrom } = layout(size), value = dst.slice();
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < columns; j++) value[r * dstColumns + dstFrom + j] = src[r * srcColumns + srcFrom + j];
    }
    return { dst: { value } };
  },
  tolerance: {},
  sizes: GRID.flatMap((size, i) => [
    { ...size, before: 0, after: 0 },
    { ...size, before: [0, 3, 10][i % 3], after: [1, 0, 5][i % 3] },
  ]),
  bench: BATCHES.map((rows) => ({ rows, columns: 784, before: 0, after: 10 })),
  work: ({ rows, columns }) => ({ bytes: 8 * rows * columns }),
});
