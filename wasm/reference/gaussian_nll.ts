import * as kernels from "../../src/kernels/bindings.ts";
import { define, uniform } from "./entry.ts";
import { FLAT, interleave, lossAndGradient, LOSSES } from "./pairs.ts";

/** log(2 pi) / 2 */
const HALF_LOG_2PI = Math.log(2 * Math.PI) / 2;

/** The variance of the cases, as the kernel takes it. */
const LOG_VAR = -1.3, PRECISION = Math.fround(Math.exp(-LOG_VAR));
const CONSTANT = Math.fround(HALF_LOG_2PI + LOG_VAR / 2), DEVIATION = Math.fround(Math.exp(LOG_VAR / 2));

/** Bounds of a pixel's log-variance. */
const LOW = -10, HIGH = 10;

/** loss[r] = columns constant + precision / 2 sum of (m - x)^2 */
export const f32_gaussian_nll = define({
  kernel: kernels.f32_gaussian_nll,
  domain: "outputs and x in [-3, 3], each seventh x its mean; log-variance -1.3",
  inputs({ rows, columns }) {
    const n = rows * columns, outputs = uniform(n, -3, 3, 3 * n);
    return { outputs, x: uniform(n, -3, 3, 5 * n).map((x, i) => i % 7 === 3 ? outputs[i] : x) };
  },
  outputs: (size) => lossAndGradient(size, 1),
  args: (at, { scale, rows, columns }) => [
    ...[at.outputs, at.x, at.loss, at.doutputs ?? 0, PRECISION, CONSTANT] as const,
    ...[scale, rows, columns] as const,
  ],
  reference({ outputs, x }, { rows, columns, gradient, scale }) {
    const loss = new Float64Array(rows).fill(columns * CONSTANT), d = new Float64Array(rows * columns);
    const size = loss.map(Math.abs);
    for (let i = 0; i < rows * columns; i++) {
      const r = Math.floor(i / columns), term = PRECISION * (outputs[i] - x[i]) ** 2 / 2;
      loss[r] += term;
      size[r] += term;
      d[i] = PRECISION * (outputs[i] - x[i]) * scale;
    }
    const all = { loss: { value: loss, scale: size } };
    return gradient ? { ...all, doutputs: { value: d, scale: d.map(Math.abs) } } : all;
  },
  tolerance: { loss: 4e-7, doutputs: 4e-7 },
  aliases: [{ doutputs: "outputs" }],
  ...LOSSES,
  work: ({ rows, columns, gradient }) => ({ bytes: 4 * (rows * columns * (gradient ? 3 : 2) + rows) }),
});

/** out = m + deviation eps */
export const f32_gaussian_sample = define({
  kernel: kernels.f32_gaussian_sample,
  domain: "outputs in [-3, 3], eps in [-6, 6]; log-variance -1.3",
  inputs: ({ n }) => ({ outputs: uniform(n, -3, 3, n), eps: uniform(n, -6, 6, 5 * n) }),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.outputs, at.eps, at.out, DEVIATION, n],
  reference({ outputs, eps }, { n }) {
    const value = new Float64Array(n), scale = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      value[i] = outputs[i] + DEVIATION * eps[i];
      scale[i] = Math.abs(outputs[i]) + Math.abs(DEVIATION * eps[i]);
    }
    return { out: { value, scale } };
  },
  tolerance: { out: 4e-7 },
  aliases: [{ out: "outputs" }, { out: "eps" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 12 * n }),
});

/** Mean and log-variance of n values, the latter also beyond its bounds and at them. */
function pixels(n: number): Float32Array<ArrayBuffer> {
  const logVar = uniform(n, -12, 12, 3 * n).map((v, i) => i % 11 === 5 ? LOW : i % 11 === 8 ? HIGH : v);
  return interleave(uniform(n, -3, 3, n), logVar);
}

function held(v: number): number {
  return Math.min(Math.max(v, LOW), HIGH);
}

/** loss[r] = columns log(2 pi) / 2 + 1/2 sum of v + (m - x)^2 e^-v */
export const f32_gaussian_pixel_nll = define({
  kernel: kernels.f32_gaussian_pixel_nll,
  domain: "means and x in [-3, 3], log-variances in [-12, 12]",
  inputs: ({ rows, columns }) => ({
    outputs: pixels(rows * columns),
    x: uniform(rows * columns, -3, 3, 5 * rows * columns),
  }),
  outputs: (size) => lossAndGradient(size, 2),
  args: (at, { scale, rows, columns }) => [
    ...[at.outputs, at.x, at.loss, at.doutputs ?? 0, LOW, HIGH] as const,
    ...[scale, rows, columns] as const,
  ],
  reference({ outputs, x }, { rows, columns, gradient, scale }) {
    const loss = new Float64Array(rows).fill(columns * HALF_LOG_2PI), size = loss.slice();
    const d = new Float64Array(2 * rows * columns), dSize = d.slice();
    for (let i = 0; i < rows * columns; i++) {
      const r = Math.floor(i / columns), given = outputs[2 * i + 1], v = held(given), e = outputs[2 * i] - x[i];
      const square = e * e * Math.exp(-v);
      loss[r] += (v + square) / 2;
      size[r] += (Math.abs(v) + square) / 2;
      d[2 * i] = e * Math.exp(-v) * scale;
      dSize[2 * i] = Math.abs(d[2 * i]);
      if (v !== given || v === LOW || v === HIGH) continue;
      d[2 * i + 1] = (1 - square) / 2 * scale;
      dSize[2 * i + 1] = (1 + square) / 2 * scale;
    }
    const all = { loss: { value: loss, scale: size } };
    return gradient ? { ...all, doutputs: { value: d, scale: dSize } } : all;
  },
  tolerance: { loss: 4e-7, doutputs: 4e-7 },
  aliases: [{ doutputs: "outputs" }],
  ...LOSSES,
  work: ({ rows, columns, gradient }) => ({ bytes: 4 * (rows * columns * (gradient ? 5 : 3) + rows) }),
});

/** out = m + e^(v / 2) eps */
export const f32_gaussian_pixel_sample = define({
  kernel: kernels.f32_gaussian_pixel_sample,
  domain: "means in [-3, 3], log-variances in [-12, 12], eps in [-6, 6]",
  inputs: ({ n }) => ({ outputs: pixels(n), eps: uniform(n, -6, 6, 5 * n) }),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.outputs, at.eps, at.out, LOW, HIGH, n],
  reference({ outputs, eps }, { n }) {
    const value = new Float64Array(n), scale = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const noise = Math.exp(held(outputs[2 * i + 1]) / 2) * eps[i];
      value[i] = outputs[2 * i] + noise;
      scale[i] = Math.abs(outputs[2 * i]) + Math.abs(noise);
    }
    return { out: { value, scale } };
  },
  tolerance: { out: 4e-7 },
  aliases: [{ out: "eps" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 16 * n }),
});
