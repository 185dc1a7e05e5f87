import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, GRID, uniform } from "./entry.ts";

/** The bounds between which the model holds logVar. */
const LOW = -30, HIGH = 20;

/** n values of logVar, each bound among them, and every third near 0. */
function logVars(n: number, seed: number): Float32Array<ArrayBuffer> {
  return uniform(n, -33, 23, seed).map((v, i) => i % 3 === 2 ? v * 3e-5 : Math.min(Math.max(v, LOW), HIGH));
}

const BENCH = BATCHES.map((rows) => ({ rows, columns: 20 }));

/** kl[j] = mean over rows of 1/2 (mean^2 + e^logVar - 1 - logVar) */
export const f32_kl_columns = define({
  kernel: kernels.f32_kl_columns,
  domain: "mean in [-3, 3], logVar in [-30, 20], every third near 0",
  inputs: ({ rows, columns }) => ({
    mean: uniform(rows * columns, -3, 3, rows * columns),
    logVar: logVars(rows * columns, 3 * rows * columns),
  }),
  outputs: ({ columns }) => ({ kl: new Float32Array(columns) }),
  args: (at, { rows, columns }) => [at.mean, at.logVar, at.kl, rows, columns],
  reference({ mean, logVar }, { rows, columns }) {
    const value = new Float64Array(columns), scale = new Float64Array(columns);
    for (let i = 0; i < rows * columns; i++) {
      const square = mean[i] ** 2, variance = Math.expm1(logVar[i]);
      value[i % columns] += (square + variance - logVar[i]) / 2 / rows;
      scale[i % columns] += (square + Math.abs(variance) + Math.abs(logVar[i])) / 2 / rows;
    }
    return { kl: { value, scale } };
  },
  tolerance: { kl: 4e-7 },
  sizes: GRID,
  bench: BENCH,
  work: ({ rows, columns }) => ({ bytes: 4 * columns * (2 * rows + 1) }),
});

/** dmean += scales[j] mean, dlogVar += scales[j] (e^logVar - 1) / 2 */
export const f32_kl_columns_bwd = define({
  kernel: kernels.f32_kl_columns_bwd,
  domain: "mean in [-3, 3], logVar in [-30, 20], every third near 0, scales in [0, 0.01]",
  inputs({ rows, columns }) {
    const n = rows * columns;
    return {
      mean: uniform(n, -3, 3, n),
      logVar: logVars(n, 3 * n),
      scales: uniform(columns, 0, 0.01, 7 * n),
      dmean: uniform(n, -1, 1, 11 * n),
      dlogVar: uniform(n, -1, 1, 13 * n),
    };
  },
  outputs: ({ rows, columns }) => ({
    dmean: new Float32Array(rows * columns),
    dlogVar: new Float32Array(rows * columns),
  }),
  args: (at, { rows, columns }) => [
    ...[at.mean, at.logVar, at.scales, LOW, HIGH, at.dmean, at.dlogVar, rows] as const,
    columns,
  ],
  reference({ mean, logVar, scales, dmean, dlogVar }, { rows, columns }) {
    const n = rows * columns;
    const [byMean, meanSize, byLogVar, logVarSize] = Array.from({ length: 4 }, () => new Float64Array(n));
    for (let i = 0; i < n; i++) {
      const s = scales[i % columns], held = logVar[i] === LOW || logVar[i] === HIGH;
      const path = held ? 0 : s * Math.expm1(logVar[i]) / 2;
      byMean[i] = dmean[i] + s * mean[i];
      meanSize[i] = Math.abs(dmean[i]) + Math.abs(s * mean[i]);
      byLogVar[i] = dlogVar[i] + path;
      logVarSize[i] = Math.abs(dlogVar[i]) + Math.abs(path);
    }
    return { dmean: { value: byMean, scale: meanSize }, dlogVar: { value: byLogVar, scale: logVarSize } };
  },
  tolerance: { dmean: 4e-7, dlogVar: 4e-7 },
  sizes: GRID,
  bench: BENCH,
  work: ({ rows, columns }) => ({ bytes: 24 * rows * columns }),
});
