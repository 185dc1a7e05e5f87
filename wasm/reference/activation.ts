import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, type Buffers, define, GRID, LENGTHS, type Numbers, uniform } from "./entry.ts";
import { cdf, density } from "./normal.ts";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Identity, ReLU, tanh, sigmoid, ELU, GELU, leaky ReLU, SiLU: at the index that the kernels know them by. */
const VALUES: readonly ((x: number) => number)[] = [
  (x) => x,
  (x) => Math.max(x, 0),
  (x) => Math.tanh(x),
  sigmoid,
  (x) => x > 0 ? x : Math.expm1(x),
  (x) => x * cdf(x),
  (x) => x > 0 ? x : 0.2 * x,
  (x) => x * sigmoid(x),
];

/** Their derivatives, from the output y, but from the input x for those of {@linkcode FROM_INPUT}. */
const SLOPES: readonly ((y: number) => number)[] = [
  () => 1,
  (y) => y > 0 ? 1 : 0,
  (y) => 1 - y * y,
  (y) => y * (1 - y),
  (y) => y > 0 ? 1 : y + 1,
  (x) => cdf(x) + x * density(x),
  (y) => y > 0 ? 1 : 0.2,
  (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
];

const KINDS = VALUES.map((_, kind) => kind), IDENTITY = 0, GELU = 5, SILU = 7;

/** The kinds whose derivative is computed from the input. */
const FROM_INPUT: readonly number[] = [GELU, SILU];

/** y = f(x) */
export const f32_activation = define({
  kernel: kernels.f32_activation,
  domain: "x in [-12, 12]",
  inputs: ({ n, kind }) => ({ x: uniform(n, -12, 12, 7 * n + kind) }),
  outputs: ({ n }) => ({ y: new Float32Array(n) }),
  args: (at, { kind, n }) => [kind, at.x, at.y, n],
  reference({ x }, { kind }) {
    const value = Float64Array.from(x, VALUES[kind]);
    return { y: { value, scale: value.map((y) => kind > 1 ? Math.max(1, Math.abs(y)) : 0) } };
  },
  tolerance: { y: 4e-7 },
  aliases: [{ y: "x" }],
  sizes: KINDS.flatMap((kind) => LENGTHS.map((n) => ({ kind, n }))),
  bench: KINDS.slice(1).flatMap((kind) => BATCHES.map((rows) => ({ kind, n: rows * 400 }))),
  work: ({ n }) => ({ bytes: 8 * n }),
});

/** dy *= f'(saved), dbias[j] = sum over rows of dy[., j] */
export const f32_activation_bwd = define({
  kernel: kernels.f32_activation_bwd,
  domain: "dy in [-1, 1]; saved = f of [-6, 6], for gelu and silu [-6, 6]",
  inputs({ kind, rows, columns }): Buffers {
    const n = rows * columns, x = uniform(n, -6, 6, n + kind), dy = uniform(n, -1, 1, 3 * n + kind);
    return kind === IDENTITY ? { dy } : { dy, saved: FROM_INPUT.includes(kind) ? x : x.map(VALUES[kind]) };
  },
  outputs: ({ rows, columns }) => ({ dy: new Float32Array(rows * columns), dbias: new Float32Array(columns) }),
  args: (at, { kind, rows, columns }) => [kind, at.dy, at.saved ?? 0, at.dbias, rows, columns],
  reference({ dy, saved }, { kind, rows, columns }) {
    const d = Float64Array.from(dy, (dy, i) => dy * SLOPES[kind](saved?.[i]));
    const size = Float64Array.from(dy, (dy) => kind > 1 ? Math.abs(dy) : 0);
    const sum = new Float64Array(columns), scale = new Float64Array(columns);
    for (let i = 0; i < rows * columns; i++) {
      sum[i % columns] += d[i];
      // What dy itself may be off, and one rounding for each row, counted in units of dy's tolerance.
      scale[i % columns] += size[i] + Math.abs(d[i]) * rows / 8;
    }
    return { dy: { value: d, scale: size }, dbias: { value: sum, scale } };
  },
  tolerance: { dy: 5e-7, dbias: 5e-7 },
  sizes: KINDS.flatMap((kind) => GRID.map((size): Numbers => ({ kind, ...size }))),
  bench: BATCHES.flatMap((rows) => [{ kind: 1, rows, columns: 400 }, { kind: IDENTITY, rows, columns: 784 }]),
  work: ({ kind, rows, columns }) => ({ bytes: 4 * (rows * columns * (kind === IDENTITY ? 1 : 3) + columns) }),
});
