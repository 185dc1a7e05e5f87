import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, type Buffers, define, generator, GRID, LENGTHS, type Numbers, uniform } from "./entry.ts";

/** Images in the dataset that tests and benches gather from. */
const IMAGES = 50;

/** out[r, j] = images[indices[r], j] / divisor */
export const f32_gather = define({
  kernel: kernels.f32_gather,
  domain: "bytes; indices below 50, repeated",
  inputs({ rows, columns }) {
    const random = generator(rows + columns);
    return {
      images: Uint8Array.from({ length: IMAGES * columns }, () => 256 * random()),
      // The last image first: it is the one that ends where the dataset does.
      indices: Int32Array.from({ length: rows }, (_, r) => r === 0 ? IMAGES - 1 : IMAGES * random()),
    };
  },
  outputs: ({ rows, columns }) => ({ out: new Float32Array(rows * columns) }),
  args: (at, { rows, columns, divisor }) => [at.images, at.indices, at.out, rows, columns, divisor],
  reference({ images, indices }, { rows, columns, divisor }) {
    const out = new Float32Array(rows * columns); // the quotient, rounded once
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < columns; j++) out[r * columns + j] = images[indices[r] * columns + j] / divisor;
    }
    return { out: { value: out } };
  },
  tolerance: {},
  sizes: GRID.map((size): Numbers => ({ ...size, divisor: size.rows % 2 ? 255 : 1 })),
  bench: BATCHES.map((rows) => ({ rows, columns: 784, divisor: 255 })),
  work: ({ rows, columns }) => ({ bytes: rows * (columns * 5 + 4) }),
});

/** Where x is not in [low, high]. */
export const f32_find_outside = define({
  kernel: kernels.f32_find_outside,
  domain: "x in [0, 1], but for element `bad` and some after it: below, above, or NaN",
  inputs({ n, bad }) {
    const x = uniform(n, 0, 1, n);
    x[0] = 1;
    x[n - 1] = 0; // the bounds themselves are inside
    for (let i = bad, k = 0; i >= 0 && i < n; i += 19, k++) x[i] = [1.0000001, NaN, -1e-30, Infinity][(bad + k) % 4];
    return { x };
  },
  outputs: (_, parts) => ({ found: new Int32Array(parts) }),
  args: (at, { n }) => [at.x, n, 0, 1, at.found],
  reference: ({ x }) => ({ found: { value: [x.findIndex((v) => !(v >= 0 && v <= 1))] } }),
  tolerance: {},
  result: ({ found }: Buffers): Buffers => ({ found: Int32Array.of(found.find((i: number) => i >= 0) ?? -1) }),
  sizes: LENGTHS.flatMap((n) => [-1, 0, n >> 1, n - 1].map((bad) => ({ n, bad }))),
  bench: BATCHES.map((rows) => ({ n: rows * 784, bad: -1 })),
  work: ({ n }) => ({ bytes: 4 * n }),
});
