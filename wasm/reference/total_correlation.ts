import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, type Numbers, uniform, type Values } from "./entry.ts";
import { quantile } from "./normal.ts";

/** The bounds between which the model holds logVar, and the log density of what only fills a vector up. */
const LOW = -30, HIGH = 20, NEVER = Math.fround(-1e30);

const SCALE = Math.fround(5 / 128); // (beta - 1) / B

/** What a saturated exponential leaves behind, where the softmax is 0. */
const TRACE = 2 ** -100;

const LOG_2PI = Math.log(2 * Math.PI);

/** Rows rounded up to whole vectors. */
function padded(rows: number): number {
  return Math.ceil(rows / 4) * 4;
}

/** One batch of posteriors, each with a draw of its own. One in five log-variances is anywhere, bounds included. */
function posterior({ rows, columns }: Numbers) {
  const n = rows * columns, random = generator(n + columns), mean = uniform(n, -2, 2, n);
  const logVar = uniform(n, -3, 1, 3 * n).map((v) =>
    random() < 0.2 ? Math.min(Math.max(-33 + 56 * random(), LOW), HIGH) : v
  );
  const z = mean.map((m, i) => m + Math.exp(logVar[i] / 2) * quantile(1.98 * random() - 0.99));
  return { mean, logVar, z };
}

/** What f32_total_correlation_table gives, in float64, and the sizes of its terms. */
function tableOf(mean: Values, logVar: Values, { rows, columns }: Numbers) {
  const S = padded(rows), value = new Float64Array(3 * columns * S), scale = new Float64Array(value.length);
  for (let d = 0; d < columns; d++) {
    for (let j = 0; j < S; j++) {
      const v = logVar[j * columns + d], real = j < rows;
      const at = [0, 1, 2].map((plane) => (plane * columns + d) * S + j);
      value[at[0]] = real ? mean[j * columns + d] : 0;
      value[at[1]] = scale[at[1]] = real ? Math.exp(-v) / 2 : 0;
      value[at[2]] = real ? -(LOG_2PI + v) / 2 : NEVER;
      scale[at[2]] = real ? (LOG_2PI + Math.abs(v)) / 2 : 0;
    }
  }
  return { value, scale };
}

/** log N(z_id; mean_jd, e^logVar_jd) by the table, the slope of half of that by the mean, and the size of its terms. */
function density(z: Values, table: Values, i: number, j: number, d: number, { rows, columns }: Numbers) {
  const S = padded(rows), [mean, half, constant] = [0, 1, 2].map((plane) => table[(plane * columns + d) * S + j]);
  const difference = z[i * columns + d] - mean, square = difference * difference * half;
  return { log: constant - square, size: Math.abs(constant) + square, half: difference * half, square };
}

/** log sum e^l, the softmax, and the mean of `sizes` under it. */
function logSum(logs: Float64Array, sizes: Float64Array) {
  const top = Math.max(...logs), sum = logs.reduce((sum, l) => sum + Math.exp(l - top), 0);
  const softmax = logs.map((l) => Math.exp(l - top) / sum);
  return { value: top + Math.log(sum), softmax, size: softmax.reduce((mean, w, j) => mean + w * sizes[j], 0) };
}

/** What f32_total_correlation gives, in float64. */
function forward(z: Values, table: Values, size: Numbers) {
  const { rows, columns, logSize } = size, S = padded(rows), base = 1 + Math.log(rows);
  const outputs = () => ({ value: new Float64Array(rows * columns), scale: new Float64Array(rows * columns) });
  const logMarginals = outputs(), tc = { value: new Float64Array(rows), scale: new Float64Array(rows) };
  const weights = { value: new Float64Array(rows * S), scale: new Float64Array(rows * S) };
  for (let i = 0; i < rows; i++) {
    const logs = new Float64Array(S), sizes = new Float64Array(S);
    tc.value[i] = (columns - 1) * logSize;
    tc.scale[i] = Math.abs(tc.value[i]) + base;
    for (let d = 0; d < columns; d++) {
      const each = Array.from({ length: S }, (_, j) => density(z, table, i, j, d, size));
      const own = logSum(Float64Array.from(each, ({ log }) => log), Float64Array.from(each, ({ size }) => size));
      each.forEach(({ log, size }, j) => (logs[j] += log, sizes[j] += size));
      logMarginals.value[i * columns + d] = own.value;
      logMarginals.scale[i * columns + d] = base + own.size;
      tc.value[i] -= own.value;
      tc.scale[i] += base + own.size;
    }
    const whole = logSum(logs, sizes);
    tc.value[i] += whole.value;
    tc.scale[i] += whole.size;
    weights.value.set(whole.softmax, i * S);
    weights.scale.set(whole.softmax.map((w, j) => w * (1 + sizes[j] + whole.size) + TRACE), i * S);
  }
  return { tc, weights, logMarginals };
}

/** The inputs of the backward kernels. */
function saved(size: Numbers) {
  const { mean, logVar, z } = posterior(size), table = Float32Array.from(tableOf(mean, logVar, size).value);
  const { weights, logMarginals } = forward(z, table, size);
  return {
    logVar,
    inputs: {
      z,
      table,
      weights: Float32Array.from(weights.value),
      logMarginals: Float32Array.from(logMarginals.value),
    },
  };
}

/** a_ijd, (z - mean) / 2 e^-logVar and its product with z - mean, and by how much a can be off. */
function weighed(given: Readonly<Record<string, Values>>, i: number, j: number, d: number, size: Numbers) {
  const { z, table, weights, logMarginals } = given, { rows, columns } = size;
  const at = i * columns + d, w = weights[i * padded(rows) + j];
  const { log, half, square, size: terms } = density(z, table, i, j, d, size);
  const softmax = Math.exp(log - logMarginals[at]);
  return { a: w - softmax, half, square, off: w + softmax * (1 + terms + Math.abs(logMarginals[at])) + TRACE };
}

const ROWS = [1, 2, 3, 4, 5, 7, 8, 9], COLUMNS = [1, 2, 3, 5];

const SHAPES = {
  sizes: [
    ...ROWS.flatMap((rows, k) => COLUMNS.map((columns, i): Numbers => ({ rows, columns, logSize: 3 + k + i % 3 }))),
    { rows: 17, columns: 10, logSize: 12 },
    { rows: 33, columns: 4, logSize: 14 },
  ],
  bench: BATCHES.map((rows): Numbers => ({ rows, columns: 10, logSize: 15 })),
};

const DOMAIN = "mean in [-2, 2]; logVar in [-3, 1], one in five in [-30, 20]; z drawn from each example's own";

/** By latent variable: mean, 1/2 e^-logVar, -1/2 (log 2 pi + logVar) */
export const f32_total_correlation_table = define({
  kernel: kernels.f32_total_correlation_table,
  domain: DOMAIN,
  inputs(size) {
    const { mean, logVar } = posterior(size);
    return { mean, logVar };
  },
  outputs: ({ rows, columns }) => ({ table: new Float32Array(3 * columns * padded(rows)) }),
  args: (at, { rows, columns }) => [at.mean, at.logVar, at.table, rows, columns],
  reference: ({ mean, logVar }, size) => ({ table: tableOf(mean, logVar, size) }),
  tolerance: { table: 2e-7 },
  ...SHAPES,
  work: ({ rows, columns }) => ({ bytes: 20 * rows * columns }),
});

/** tc, weights and logMarginals */
export const f32_total_correlation = define({
  kernel: kernels.f32_total_correlation,
  domain: DOMAIN,
  inputs(size) {
    const { mean, logVar, z } = posterior(size);
    return { z, table: Float32Array.from(tableOf(mean, logVar, size).value) };
  },
  outputs: ({ rows, columns }) => ({
    tc: new Float32Array(rows),
    weights: new Float32Array(rows * padded(rows)),
    logMarginals: new Float32Array(rows * columns),
  }),
  args: (at, { rows, columns, logSize }) => [
    ...[at.z, at.table, logSize, at.tc, at.weights, at.logMarginals, rows, columns] as const,
  ],
  reference: ({ z, table }, size) => forward(z, table, size),
  tolerance: { tc: 4e-7, weights: 6e-7, logMarginals: 4e-7 },
  ...SHAPES,
  work: ({ rows, columns }) => ({ flops: 40 * rows * rows * columns, bytes: 4 * rows * (5 * columns + rows) }),
});

/** dz_id += scale sum over j of a_ijd (mean_jd - z_id) e^-logVar_jd */
export const f32_total_correlation_dz = define({
  kernel: kernels.f32_total_correlation_dz,
  domain: `${DOMAIN}; dz before the call in [-1, 1]`,
  inputs: (size) => ({ ...saved(size).inputs, dz: uniform(size.rows * size.columns, -1, 1, size.rows) }),
  outputs: ({ rows, columns }) => ({ dz: new Float32Array(rows * columns) }),
  args: (at, { rows, columns }) => [
    ...[at.z, at.table, at.weights, at.logMarginals, SCALE, at.dz, rows, columns] as const,
  ],
  reference(given, size) {
    const { rows, columns } = size, value = Float64Array.from(given.dz), scale = value.map(Math.abs);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        for (let d = 0; d < columns; d++) {
          const { a, half, off } = weighed(given, i, j, d, size), at = i * columns + d;
          value[at] -= 2 * SCALE * a * half;
          scale[at] += 2 * SCALE * off * Math.abs(half);
        }
      }
    }
    return { dz: { value, scale } };
  },
  tolerance: { dz: 6e-7 },
  ...SHAPES,
  work: ({ rows, columns }) => ({ flops: 30 * rows * rows * columns, bytes: 4 * rows * (6 * columns + rows) }),
});

/** dmean_jd and dlogVar_jd, added to what is there */
export const f32_total_correlation_dq = define({
  kernel: kernels.f32_total_correlation_dq,
  domain: `${DOMAIN}; dmean and dlogVar before the call in [-1, 1]`,
  inputs(size) {
    const { inputs, logVar } = saved(size), n = size.rows * size.columns;
    return { ...inputs, logVar, dmean: uniform(n, -1, 1, size.rows), dlogVar: uniform(n, -1, 1, 3 * size.rows) };
  },
  outputs: ({ rows, columns }) => ({
    dmean: new Float32Array(rows * columns),
    dlogVar: new Float32Array(rows * columns),
  }),
  args: (at, { rows, columns }) => [
    ...[at.z, at.table, at.weights, at.logMarginals, SCALE, at.logVar, LOW, HIGH] as const,
    ...[at.dmean, at.dlogVar, rows, columns] as const,
  ],
  reference(given, size) {
    const { rows, columns } = size;
    const dmean = Float64Array.from(given.dmean), dlogVar = Float64Array.from(given.dlogVar);
    const meanSize = dmean.map(Math.abs), logVarSize = dlogVar.map(Math.abs);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        for (let d = 0; d < columns; d++) {
          const { a, half, square, off } = weighed(given, i, j, d, size), at = j * columns + d;
          dmean[at] += 2 * SCALE * a * half;
          meanSize[at] += 2 * SCALE * off * Math.abs(half);
          if (given.logVar[at] === LOW || given.logVar[at] === HIGH) continue;
          dlogVar[at] += SCALE * a * (square - 0.5);
          logVarSize[at] += SCALE * off * (square + 0.5);
        }
      }
    }
    return { dmean: { value: dmean, scale: meanSize }, dlogVar: { value: dlogVar, scale: logVarSize } };
  },
  tolerance: { dmean: 6e-7, dlogVar: 6e-7 },
  ...SHAPES,
  work: ({ rows, columns }) => ({ flops: 35 * rows * rows * columns, bytes: 4 * rows * (9 * columns + rows) }),
});
