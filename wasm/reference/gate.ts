import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, type Buffers, define, type Expected, GRID, type Numbers, uniform } from "./entry.ts";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** a and b: two matrices, or one where `together`. */
function operands({ rows, columns, together }: Numbers): Buffers {
  const n = rows * columns, a = uniform(n, -4, 4, n), b = uniform(n, -12, 12, 3 * n);
  return together ? { ab: Float32Array.from(joined(a, b, columns)) } : { a, b };
}

/** Two matrices as one: [a, b] per row. */
function joined(a: ArrayLike<number>, b: ArrayLike<number>, columns: number): Float64Array {
  return Float64Array.from({ length: 2 * a.length }, (_, i) => {
    const r = Math.floor(i / (2 * columns)), j = i % (2 * columns);
    return j < columns ? a[r * columns + j] : b[r * columns + j - columns];
  });
}

/** a and b of one matrix. */
function apart({ a, b, ab }: Buffers, { rows, columns }: Numbers): { a: Float64Array; b: Float64Array } {
  if (!ab) return { a: Float64Array.from(a), b: Float64Array.from(b) };
  const half = (from: number) =>
    Float64Array.from(
      { length: rows * columns },
      (_, i) => ab[Math.floor(i / columns) * 2 * columns + from + i % columns],
    );
  return { a: half(0), b: half(columns) };
}

const SHAPES = {
  sizes: GRID.flatMap((size) => [{ ...size, together: 0 }, { ...size, together: 1 }]),
  bench: BATCHES.map((rows) => ({ rows, columns: 300, together: 1 })),
};

/** y = a sigmoid(b) */
export const f32_gate = define({
  kernel: kernels.f32_gate,
  domain: "a in [-4, 4], b in [-12, 12]",
  inputs: operands,
  outputs: ({ rows, columns }) => ({ y: new Float32Array(rows * columns) }),
  args: (at, { rows, columns, together }) => [
    ...together ? [at.ab, at.ab + 4 * columns, 2 * columns] as const : [at.a, at.b, columns] as const,
    ...[at.y, rows, columns] as const,
  ],
  reference(inputs, size) {
    const { a, b } = apart(inputs, size), value = a.map((a, i) => a * sigmoid(b[i]));
    return { y: { value, scale: value.map(Math.abs) } };
  },
  tolerance: { y: 3e-7 },
  aliases: [{ y: "a" }, { y: "b" }],
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: 12 * rows * columns }),
});

/** da = dy sigmoid(b), db = dy a sigmoid(b) (1 - sigmoid(b)) */
export const f32_gate_bwd = define({
  kernel: kernels.f32_gate_bwd,
  domain: "dy in [-1, 1], a in [-4, 4], b in [-12, 12]",
  inputs: (size) => ({ ...operands(size), dy: uniform(size.rows * size.columns, -1, 1, size.columns) }),
  outputs({ rows, columns, together }): Buffers {
    const n = rows * columns;
    return together ? { dab: new Float32Array(2 * n) } : { da: new Float32Array(n), db: new Float32Array(n) };
  },
  args(at, { rows, columns, together }) {
    if (!together) return [at.dy, at.a, at.b, columns, at.da, at.db, rows, columns];
    const half = 4 * columns;
    return [at.dy, at.ab, at.ab + half, 2 * columns, at.dab, at.dab + half, rows, columns];
  },
  reference(inputs, size): Readonly<Record<string, Expected>> {
    const { a, b } = apart(inputs, size), { dy } = inputs;
    const da = a.map((_, i) => dy[i] * sigmoid(b[i]));
    const db = a.map((a, i) => dy[i] * a * sigmoid(b[i]) * sigmoid(-b[i]));
    const expected = (value: ArrayLike<number>) => ({ value, scale: Float64Array.from(value, Math.abs) });
    if (!size.together) return { da: expected(da), db: expected(db) };
    const dab = joined(da, db, size.columns);
    return { dab: expected(dab) };
  },
  tolerance: { da: 3e-7, db: 5e-7, dab: 5e-7 },
  aliases: [{ da: "a", db: "b", dab: "ab" }, { da: "dy" }, { db: "dy", da: "b" }],
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: 20 * rows * columns }),
});
