import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, GRID, type Numbers, ULP, uniform } from "./entry.ts";

/** `rows` labels, the last class first: it is the one that ends where the table does. */
function labelsOf({ rows, classes }: Numbers): Int32Array<ArrayBuffer> {
  const random = generator(rows + classes);
  return Int32Array.from({ length: rows }, (_, r) => r === 0 ? classes - 1 : classes * random());
}

/** Beside the columns that count, `from` before them and one more after. */
function width({ columns, from }: Numbers): number {
  return from + columns + (from && 1);
}

const DOMAIN = "labels of 1 to 12 classes, some without rows; all else in [-1, 1]";

const SHAPES = {
  sizes: GRID.map((size, i): Numbers => ({ ...size, classes: 1 + i % 12, from: [0, 3, 10][i % 3] })),
  bench: BATCHES.map((rows) => ({ rows, columns: 16, classes: 10, from: 784 })),
};

/** out[r, from + j] = table[labels[r], j] */
export const f32_embed = define({
  kernel: kernels.f32_embed,
  domain: DOMAIN,
  inputs: (size) => ({
    table: uniform(size.classes * size.columns, -1, 1, size.columns),
    labels: labelsOf(size),
    out: uniform(size.rows * width(size), -1, 1, 3 * size.columns),
  }),
  outputs: (size) => ({ out: new Float32Array(size.rows * width(size)) }),
  args: (at, size) => [at.table, at.labels, at.out, width(size), size.from, size.rows, size.columns],
  reference({ table, labels, out }, size) {
    const { rows, columns, from } = size, value = out.slice();
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < columns; j++) value[r * width(size) + from + j] = table[labels[r] * columns + j];
    }
    return { out: { value } };
  },
  tolerance: {},
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: rows * (8 * columns + 4) }),
});

/** out[r, from + c] = 1 where c = labels[r], else 0 */
export const f32_one_hot = define({
  kernel: kernels.f32_one_hot,
  domain: "labels of 1 to 256 classes; out before the call in [-1, 1]",
  inputs: (size) => ({
    labels: labelsOf({ ...size, classes: size.columns }),
    out: uniform(size.rows * width(size), -1, 1, 3 * size.columns),
  }),
  outputs: (size) => ({ out: new Float32Array(size.rows * width(size)) }),
  args: (at, size) => [at.labels, at.out, width(size), size.from, size.rows, size.columns],
  reference({ labels, out }, size) {
    const { rows, columns, from } = size, value = out.slice();
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) value[r * width(size) + from + c] = Number(c === labels[r]);
    }
    return { out: { value } };
  },
  tolerance: {},
  sizes: SHAPES.sizes,
  bench: BATCHES.map((rows) => ({ rows, columns: 10, from: 784 })),
  work: ({ rows, columns }) => ({ bytes: rows * (4 * columns + 4) }),
});

/** dtable[c, j] = sum over the rows r with labels[r] = c of dy[r, from + j] */
export const f32_embed_bwd = define({
  kernel: kernels.f32_embed_bwd,
  domain: DOMAIN,
  inputs: (size) => ({ dy: uniform(size.rows * width(size), -1, 1, size.columns), labels: labelsOf(size) }),
  outputs: ({ classes, columns }) => ({ dtable: new Float32Array(classes * columns) }),
  args: (at, size) => [
    ...[at.dy, width(size), size.from, at.labels, at.dtable] as const,
    ...[size.rows, size.classes, size.columns] as const,
  ],
  reference({ dy, labels }, size) {
    const { rows, columns, classes, from } = size;
    const value = new Float64Array(classes * columns), scale = new Float64Array(classes * columns);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < columns; j++) {
        const d = dy[r * width(size) + from + j], at = labels[r] * columns + j;
        value[at] += d;
        scale[at] += rows * Math.abs(d);
      }
    }
    return { dtable: { value, scale } };
  },
  tolerance: { dtable: ULP },
  ...SHAPES,
  work: ({ rows, columns, classes }) => ({ bytes: 4 * (rows * (columns + 1) + classes * columns) }),
});
