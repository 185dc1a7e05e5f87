import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, GRID, LENGTHS, type Numbers, uniform, type Values } from "./entry.ts";

const EPSILON = Math.fround(1e-5);

/** Activations whose columns differ in mean and spread: around 0, far from it, one value throughout, one row apart. */
function columnsOf(rows: number, columns: number): Float32Array<ArrayBuffer> {
  const random = generator(rows * columns);
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const r = Math.floor(i / columns), draw = 2 * random() - 1;
    return [3 * draw, 100 + draw / 100, -7.3, (r === 0 ? 1000 : 1) + draw, 1e-3 * draw][i % columns % 5];
  });
}

/** Per column: the mean of f over the rows. */
function means(rows: number, columns: number, f: (i: number, j: number) => number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows * columns; i++) sums[i % columns] += f(i, i % columns);
  return sums.map((sum) => sum / rows);
}

/** Mean and biased variance of each column. */
function moments(x: Values, { rows, columns }: Numbers): { mean: Float64Array; variance: Float64Array } {
  const mean = means(rows, columns, (i) => x[i]);
  return { mean, variance: means(rows, columns, (i, j) => (x[i] - mean[j]) ** 2) };
}

/** (x - mean) / sqrt(variance + epsilon) scale + offset, and what its error is measured by. */
function standardized(
  x: Values,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  scale: Values,
  offset: Values,
): { value: Float64Array; scale: Float64Array } {
  const columns = scale.length, a = Float64Array.from(scale, (s, j) => s / Math.sqrt(variance[j] + EPSILON));
  return {
    value: Float64Array.from(x, (x, i) => (x - mean[i % columns]) * a[i % columns] + offset[i % columns]),
    scale: Float64Array.from(x, (x, i) => {
      const j = i % columns;
      return (Math.abs(x) + Math.abs(mean[j])) * Math.abs(a[j]) + Math.abs(offset[j]);
    }),
  };
}

function layer(columns: number) {
  return { scale: uniform(columns, -2, 2, 11 * columns), offset: uniform(columns, -1, 1, 13 * columns) };
}

const DOMAIN = "columns of x: in [-3, 3], 100 +- 0.01, -7.3, 1 +- 1 with a first row of 1000 +- 1, within 0.001 of 0";

const SHAPES = {
  sizes: [...GRID, { rows: 1000, columns: 7 }, { rows: 301, columns: 18 }],
  bench: BATCHES.map((rows) => ({ rows, columns: 400 })),
};

/** Batch normalization in training. */
export const f32_batch_norm = define({
  kernel: kernels.f32_batch_norm,
  domain: DOMAIN,
  inputs: ({ rows, columns }) => ({ x: columnsOf(rows, columns), ...layer(columns) }),
  outputs: ({ rows, columns }) => ({
    mean: new Float32Array(columns),
    variance: new Float32Array(columns),
    y: new Float32Array(rows * columns),
  }),
  args: (at, { rows, columns }) => [
    ...[at.x, at.scale, at.offset, EPSILON, at.mean, at.variance, at.y] as const,
    ...[rows, columns] as const,
  ],
  reference({ x, scale, offset }, size) {
    const { mean, variance } = moments(x, size);
    const sizes = means(size.rows, size.columns, (i) => Math.abs(x[i]));
    return {
      mean: { value: mean, scale: sizes },
      variance: { value: variance, scale: variance },
      y: standardized(x, mean, variance, scale, offset),
    };
  },
  tolerance: { mean: 1e-7, variance: 1e-7, y: 4e-7 },
  aliases: [{ y: "x" }],
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: 4 * columns * (2 * rows + 4) }),
});

/** Batch normalization by statistics that are given. */
export const f32_batch_norm_apply = define({
  kernel: kernels.f32_batch_norm_apply,
  domain: "x in [-3, 3], mean in [-1, 1], variance in [0, 4]",
  inputs: ({ rows, columns }) => ({
    x: uniform(rows * columns, -3, 3, rows * columns),
    mean: uniform(columns, -1, 1, 3 * columns),
    variance: uniform(columns, 0, 4, 5 * columns).map((v, j) => j % 7 === 3 ? 0 : v),
    ...layer(columns),
  }),
  outputs: ({ rows, columns }) => ({ y: new Float32Array(rows * columns) }),
  args: (at, { rows, columns }) => [
    ...[at.x, at.scale, at.offset, EPSILON, at.mean, at.variance, at.y] as const,
    ...[rows, columns] as const,
  ],
  reference: ({ x, mean, variance, scale, offset }) => ({ y: standardized(x, mean, variance, scale, offset) }),
  tolerance: { y: 4e-7 },
  aliases: [{ y: "x" }],
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: 4 * columns * (2 * rows + 4) }),
});

/** The gradients of batch normalization in training. */
export const f32_batch_norm_bwd = define({
  kernel: kernels.f32_batch_norm_bwd,
  domain: `dy in [-1, 1]; ${DOMAIN}; mean and variance x's`,
  inputs(size) {
    const { rows, columns } = size, x = columnsOf(rows, columns), { mean, variance } = moments(x, size);
    const dy = uniform(rows * columns, -1, 1, 3 * rows * columns), { scale } = layer(columns);
    return { dy, x, scale, mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  },
  outputs: ({ rows, columns }) => ({
    dscale: new Float32Array(columns),
    doffset: new Float32Array(columns),
    dx: new Float32Array(rows * columns),
  }),
  args: (at, { rows, columns }) => [
    ...[at.dy, at.x, at.scale, EPSILON, at.mean, at.variance] as const,
    ...[at.dscale, at.doffset, at.dx, rows, columns] as const,
  ],
  reference({ dy, x, scale, mean, variance }, { rows, columns }) {
    const inverse = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + EPSILON));
    const h = Float64Array.from(x, (x, i) => (x - mean[i % columns]) * inverse[i % columns]);
    const per = (f: (i: number) => number) => means(rows, columns, f);
    const dscale = per((i) => dy[i] * h[i]), doffset = per((i) => dy[i]);
    const scaleSize = per((i) => Math.abs(dy[i] * h[i])), offsetSize = per((i) => Math.abs(dy[i]));
    const dx = h.map((h, i) => {
      const j = i % columns;
      return scale[j] * inverse[j] * (dy[i] - doffset[j] - h * dscale[j]);
    });
    const size = h.map((h, i) => {
      const j = i % columns, terms = Math.abs(dy[i]) + offsetSize[j] + Math.abs(h) * scaleSize[j];
      return Math.abs(scale[j]) * inverse[j] * terms;
    });
    const sums = (values: Float64Array) => values.map((v) => v * rows);
    return {
      dscale: { value: sums(dscale), scale: sums(scaleSize) },
      doffset: { value: sums(doffset), scale: sums(offsetSize) },
      dx: { value: dx, scale: size },
    };
  },
  tolerance: { dscale: 4e-7, doffset: 1e-7, dx: 8e-7 },
  aliases: [{ dx: "dy" }, { dx: "x" }],
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: 4 * columns * (3 * rows + 5) }),
});

/** dmean = runningMean - mean, dvariance = runningVariance - unbiased variance */
export const f32_batch_norm_drift = define({
  kernel: kernels.f32_batch_norm_drift,
  domain: "means in [-1, 1], variances in [0, 4]",
  inputs: ({ n }) => ({
    mean: uniform(n, -1, 1, n),
    variance: uniform(n, 0, 4, 3 * n),
    runningMean: uniform(n, -1, 1, 5 * n),
    runningVariance: uniform(n, 0, 4, 7 * n),
  }),
  outputs: ({ n }) => ({ dmean: new Float32Array(n), dvariance: new Float32Array(n) }),
  args: (at, { n, rows }) => [
    ...[at.mean, at.variance, at.runningMean, at.runningVariance, rows / (rows - 1)] as const,
    ...[at.dmean, at.dvariance, n] as const,
  ],
  reference({ mean, variance, runningMean, runningVariance }, { rows }) {
    const difference = (running: Values, batch: Values, factor: number) => ({
      value: Float64Array.from(running, (v, i) => v - batch[i] * factor),
      scale: Float64Array.from(running, (v, i) => Math.abs(v) + Math.abs(batch[i] * factor)),
    });
    return {
      dmean: difference(runningMean, mean, 1),
      dvariance: difference(runningVariance, variance, rows / (rows - 1)),
    };
  },
  tolerance: { dmean: 2e-7, dvariance: 2e-7 },
  aliases: [{ dmean: "mean", dvariance: "variance" }, { dmean: "runningMean", dvariance: "runningVariance" }],
  sizes: LENGTHS.map((n) => ({ n, rows: 2 + n % 5 })),
  bench: BATCHES.map((rows) => ({ n: 400, rows })),
  work: ({ n }) => ({ bytes: 24 * n }),
});
