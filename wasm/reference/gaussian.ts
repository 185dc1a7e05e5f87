import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, GRID, LENGTHS, uniform } from "./entry.ts";

/** The bounds between which the model holds logVar. */
const LOW = -30, HIGH = 20;

/** n values of logVar, each bound among them. */
function logVars(n: number, seed: number): Float32Array<ArrayBuffer> {
  return uniform(n, -33, 23, seed).map((v) => Math.min(Math.max(v, LOW), HIGH));
}

const FLAT = { sizes: LENGTHS.map((n) => ({ n })), bench: BATCHES.map((rows) => ({ n: rows * 20 })) };

/** x = min(max(x, low), high) */
export const f32_clamp = define({
  kernel: kernels.f32_clamp,
  domain: "x in [-60, 40]",
  inputs: ({ n }) => ({ x: uniform(n, -60, 40, n) }),
  outputs: ({ n }) => ({ x: new Float32Array(n) }),
  args: (at, { n }) => [at.x, LOW, HIGH, n],
  reference: ({ x }) => ({ x: { value: Array.from(x, (x) => Math.min(Math.max(x, LOW), HIGH)) } }),
  tolerance: {},
  ...FLAT,
  work: ({ n }) => ({ bytes: 8 * n }),
});

/** z = mean + e^(logVar / 2) eps */
export const f32_reparameterize = define({
  kernel: kernels.f32_reparameterize,
  domain: "mean in [-3, 3], eps in [-6, 6], logVar in [-30, 20]",
  inputs: ({ n }) => ({
    mean: uniform(n, -3, 3, n),
    logVar: logVars(n, 3 * n),
    eps: uniform(n, -6, 6, 5 * n),
  }),
  outputs: ({ n }) => ({ z: new Float32Array(n) }),
  args: (at, { n }) => [at.mean, at.logVar, at.eps, at.z, n],
  reference({ mean, logVar, eps }, { n }) {
    const z = new Float64Array(n), size = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const noise = Math.exp(logVar[i] / 2) * eps[i];
      z[i] = mean[i] + noise;
      size[i] = Math.abs(mean[i]) + Math.abs(noise);
    }
    return { z: { value: z, scale: size } };
  },
  tolerance: { z: 4e-7 },
  aliases: [{ z: "mean" }, { z: "logVar" }, { z: "eps" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 16 * n }),
});

const SCALE = Math.fround(0.7 / 128); // beta / B

/** dmean = dz + scale mean, dlogVar = (dz eps e^(logVar / 2) + scale (e^logVar - 1)) / 2 or 0 */
export const f32_reparameterize_bwd = define({
  kernel: kernels.f32_reparameterize_bwd,
  domain: "dz in [-1, 1], mean in [-3, 3], eps in [-6, 6], logVar in [-30, 20]",
  inputs: ({ n }) => ({
    dz: uniform(n, -1, 1, 7 * n),
    mean: uniform(n, -3, 3, n),
    logVar: logVars(n, 3 * n),
    eps: uniform(n, -6, 6, 5 * n),
  }),
  outputs: ({ n }) => ({ dmean: new Float32Array(n), dlogVar: new Float32Array(n) }),
  args: (at, { n }) => [at.dz, at.mean, at.logVar, at.eps, SCALE, LOW, HIGH, at.dmean, at.dlogVar, n],
  reference({ dz, mean, logVar, eps }, { n }) {
    const [dmean, dlogVar, meanSize, logVarSize] = Array.from({ length: 4 }, () => new Float64Array(n));
    for (let i = 0; i < n; i++) {
      dmean[i] = dz[i] + SCALE * mean[i];
      meanSize[i] = Math.abs(dz[i]) + Math.abs(SCALE * mean[i]);
      if (logVar[i] === LOW || logVar[i] === HIGH) continue;
      const path = dz[i] * eps[i] * Math.exp(logVar[i] / 2), kl = SCALE * Math.expm1(logVar[i]);
      dlogVar[i] = (path + kl) / 2;
      logVarSize[i] = (Math.abs(path) + Math.abs(kl)) / 2;
    }
    return { dmean: { value: dmean, scale: meanSize }, dlogVar: { value: dlogVar, scale: logVarSize } };
  },
  tolerance: { dmean: 4e-7, dlogVar: 4e-7 },
  aliases: [{ dmean: "dz", dlogVar: "logVar" }, { dmean: "mean", dlogVar: "eps" }, { dmean: "logVar", dlogVar: "dz" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 24 * n }),
});

/** kl[r] = 1/2 sum over j of mean^2 + e^logVar - 1 - logVar */
export const f32_gaussian_kl = define({
  kernel: kernels.f32_gaussian_kl,
  domain: "mean in [-3, 3]; logVar in [-30, 20], and in [-1e-3, 1e-3] on every third row",
  inputs({ rows, columns }) {
    const n = rows * columns, logVar = logVars(n, 3 * n);
    const near = (i: number) => Math.floor(i / columns) % 3 === 2;
    return { mean: uniform(n, -3, 3, n), logVar: logVar.map((v, i) => near(i) ? v * 3e-5 : v) };
  },
  outputs: ({ rows }) => ({ kl: new Float32Array(rows) }),
  args: (at, { rows, columns }) => [at.mean, at.logVar, at.kl, rows, columns],
  reference({ mean, logVar }, { rows, columns }) {
    const kl = new Float64Array(rows), size = new Float64Array(rows);
    for (let i = 0; i < rows * columns; i++) {
      const r = Math.floor(i / columns), square = mean[i] ** 2, variance = Math.expm1(logVar[i]);
      kl[r] += (square + variance - logVar[i]) / 2;
      size[r] += (square + Math.abs(variance) + Math.abs(logVar[i])) / 2;
    }
    return { kl: { value: kl, scale: size } };
  },
  tolerance: { kl: 4e-7 },
  sizes: GRID,
  bench: BATCHES.map((rows) => ({ rows, columns: 20 })),
  work: ({ rows, columns }) => ({ bytes: 4 * rows * (2 * columns + 1) }),
});
