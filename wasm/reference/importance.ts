import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, GRID, uniform } from "./entry.ts";

/** The bounds between which the model holds logVar. */
const LOW = -30, HIGH = 20;

/** n values of logVar, moderate ones, each bound among them. */
function logVars(n: number, seed: number): Float32Array<ArrayBuffer> {
  return uniform(n, -8, 4, seed).map((v, i) => i % 11 === 5 ? LOW : i % 13 === 7 ? HIGH : v);
}

const BENCH = BATCHES.map((rows) => ({ rows, columns: 20 }));

/** ratio[r] = 1/2 sum over j of z^2 - eps^2 - logVar */
export const f32_log_ratio = define({
  kernel: kernels.f32_log_ratio,
  domain: "z in [-8, 8], eps in [-6, 6], logVar in [-8, 4] and at its bounds",
  inputs({ rows, columns }) {
    const n = rows * columns;
    return { z: uniform(n, -8, 8, n), eps: uniform(n, -6, 6, 3 * n), logVar: logVars(n, 5 * n) };
  },
  outputs: ({ rows }) => ({ ratio: new Float32Array(rows) }),
  args: (at, { rows, columns }) => [at.z, at.eps, at.logVar, at.ratio, rows, columns],
  reference({ z, eps, logVar }, { rows, columns }) {
    const value = new Float64Array(rows), scale = new Float64Array(rows);
    for (let i = 0; i < rows * columns; i++) {
      const r = Math.floor(i / columns);
      value[r] += (z[i] ** 2 - eps[i] ** 2 - logVar[i]) / 2;
      scale[r] += (z[i] ** 2 + eps[i] ** 2 + Math.abs(logVar[i])) / 2;
    }
    return { ratio: { value, scale } };
  },
  tolerance: { ratio: 4e-7 },
  sizes: GRID,
  bench: BENCH,
  work: ({ rows, columns }) => ({ bytes: 4 * rows * (3 * columns + 1) }),
});

/** x[r, j] *= weights[r] */
export const f32_scale_rows = define({
  kernel: kernels.f32_scale_rows,
  domain: "x in [-3, 3], weights in [0, 1]",
  inputs: ({ rows, columns }) => ({
    x: uniform(rows * columns, -3, 3, rows * columns),
    weights: uniform(rows, 0, 1, rows),
  }),
  outputs: ({ rows, columns }) => ({ x: new Float32Array(rows * columns) }),
  args: (at, { rows, columns }) => [at.x, at.weights, rows, columns],
  reference: ({ x, weights }, { columns }) => ({
    x: { value: Array.from(x, (v, i) => Math.fround(v * weights[Math.floor(i / columns)])) },
  }),
  tolerance: {},
  sizes: GRID,
  bench: BATCHES.map((rows) => ({ rows, columns: 784 })),
  work: ({ rows, columns }) => ({ bytes: 8 * rows * columns }),
});

const SCALE = Math.fround(0.7 / 128); // beta / B

/** One sample's share of the gradient, added to dmean and dlogVar. */
export const f32_importance_bwd = define({
  kernel: kernels.f32_importance_bwd,
  domain: "dz in [-1, 1], z in [-8, 8], eps in [-6, 6], weights in [0, 1], logVar in [-8, 4] and at its bounds",
  inputs({ rows, columns }) {
    const n = rows * columns;
    return {
      dz: uniform(n, -1, 1, 7 * n),
      z: uniform(n, -8, 8, n),
      logVar: logVars(n, 5 * n),
      eps: uniform(n, -6, 6, 3 * n),
      weights: uniform(rows, 0, 1, rows),
      dmean: uniform(n, -1, 1, 11 * n),
      dlogVar: uniform(n, -1, 1, 13 * n),
    };
  },
  outputs: ({ rows, columns }) => ({
    dmean: new Float32Array(rows * columns),
    dlogVar: new Float32Array(rows * columns),
  }),
  args: (at, { rows, columns, pathwise }) => [
    ...[pathwise, at.dz, at.z, at.logVar, at.eps, at.weights, SCALE, LOW, HIGH, at.dmean, at.dlogVar, rows] as const,
    columns,
  ],
  reference({ dz, z, logVar, eps, weights, dmean, dlogVar }, { rows, columns, pathwise }) {
    const n = rows * columns;
    const [mean, meanSize, variance, varianceSize] = Array.from({ length: 4 }, () => new Float64Array(n));
    for (let i = 0; i < n; i++) {
      const w = weights[Math.floor(i / columns)], s = SCALE * w, deviation = Math.exp(logVar[i] / 2);
      const outer = pathwise ? w : 1, score = pathwise ? eps[i] / deviation : 0, direct = pathwise ? 0 : s;
      const g = outer * (dz[i] + s * (z[i] - score));
      const size = outer * (Math.abs(dz[i]) + s * (Math.abs(z[i]) + Math.abs(score)));
      const held = logVar[i] === LOW || logVar[i] === HIGH;
      mean[i] = dmean[i] + g;
      meanSize[i] = Math.abs(dmean[i]) + size;
      variance[i] = dlogVar[i] + (held ? 0 : (g * eps[i] * deviation - direct) / 2);
      varianceSize[i] = Math.abs(dlogVar[i]) + (held ? 0 : (size * Math.abs(eps[i]) * deviation + direct) / 2);
    }
    return { dmean: { value: mean, scale: meanSize }, dlogVar: { value: variance, scale: varianceSize } };
  },
  tolerance: { dmean: 4e-7, dlogVar: 4e-7 },
  sizes: GRID.flatMap((size) => [{ ...size, pathwise: 0 }, { ...size, pathwise: 1 }]),
  bench: BENCH.map((size) => ({ ...size, pathwise: 1 })),
  work: ({ rows, columns }) => ({ bytes: 4 * rows * (8 * columns + 1) }),
});
