import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, uniform } from "./entry.ts";
import { FLAT, interleave, lossAndGradient, LOSSES } from "./pairs.ts";

/** Bounds of the log-scale. */
const LOW = -7, HIGH = 5;

/** Location and log-scale of n values, the latter also beyond its bounds and at them. */
function parameters(n: number): Float32Array<ArrayBuffer> {
  const logScale = uniform(n, -8, 6, 3 * n).map((v, i) => i % 11 === 5 ? LOW : i % 11 === 8 ? HIGH : v);
  return interleave(uniform(n, -0.5, 1.5, n), logScale);
}

function held(v: number): number {
  return Math.min(Math.max(v, LOW), HIGH);
}

function sigmoid(z: number): number {
  return z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z));
}

function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** The terms of one value's loss, in the order of the kernel's header; of their slopes the first and second by z+ and z-. */
function terms(m: number, v: number, x: number) {
  const r = Math.exp(-v), k = Math.round(255 * x), c = Math.fround(k / 255) - m, width = r / 255;
  const above = Number(k < 255), below = Number(k > 0), zp = (c + 1 / 510) * r, zm = (c - 1 / 510) * r;
  return {
    loss: [above * softplus(-zp), below * softplus(zm), above * below * -Math.log(-Math.expm1(-width))],
    slopes: [above * sigmoid(-zp), below * sigmoid(zm)],
    byScale: [above * zp * sigmoid(-zp), -below * zm * sigmoid(zm), above * below * width / Math.expm1(width)],
    r,
    reach: (Math.abs(c) + 1 / 510) * r,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b);
}

/** -log of the mass of x's level, and its gradient. */
export const f32_logistic_nll = define({
  kernel: kernels.f32_logistic_nll,
  domain: "locations in [-0.5, 1.5], log-scales in [-8, 6]; x one of the 256 levels, a third of them the ends",
  inputs({ rows, columns }) {
    const n = rows * columns;
    const x = uniform(n, 0, 1, 5 * n).map((x, i) => i % 3 ? Math.round(255 * x) / 255 : Math.round(x));
    return { outputs: parameters(n), x };
  },
  outputs: (size) => lossAndGradient(size, 2),
  args: (at, { scale, rows, columns }) => [
    ...[at.outputs, at.x, at.loss, at.doutputs ?? 0, LOW, HIGH] as const,
    ...[scale, rows, columns] as const,
  ],
  reference({ outputs, x }, { rows, columns, gradient, scale }) {
    const loss = new Float64Array(rows), size = new Float64Array(rows).fill(columns * 2 ** -105); // times 6e-7 ~ 2^-126
    const d = new Float64Array(2 * rows * columns), dSize = d.slice();
    for (let i = 0; i < rows * columns; i++) {
      const row = Math.floor(i / columns), given = outputs[2 * i + 1], v = held(given);
      const { loss: parts, slopes, byScale, r, reach } = terms(outputs[2 * i], v, x[i]);
      const sizes = reach * sum(slopes) + byScale[2];
      loss[row] += sum(parts);
      size[row] += sum(parts) + sizes;
      d[2 * i] = r * (slopes[0] - slopes[1]) * scale;
      dSize[2 * i] = r * scale;
      if (v !== given || v === LOW || v === HIGH) continue;
      d[2 * i + 1] = sum(byScale) * scale;
      dSize[2 * i + 1] = (1 + sizes) * scale;
    }
    const all = { loss: { value: loss, scale: size } };
    return gradient ? { ...all, doutputs: { value: d, scale: dSize } } : all;
  },
  tolerance: { loss: 6e-7, doutputs: 6e-7 },
  aliases: [{ doutputs: "outputs" }],
  ...LOSSES,
  work: ({ rows, columns, gradient }) => ({ bytes: 4 * (rows * columns * (gradient ? 5 : 3) + rows) }),
});

/** The expectation over the 256 levels. */
export const f32_logistic_mean = define({
  kernel: kernels.f32_logistic_mean,
  domain: "locations in [-0.5, 1.5], log-scales in [-8, 6]",
  inputs: ({ n }) => ({ outputs: parameters(n) }),
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.outputs, at.out, LOW, HIGH, n],
  reference({ outputs }, { n }) {
    const value = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const m = outputs[2 * i], r = Math.exp(-held(outputs[2 * i + 1]));
      for (let k = 1; k < 256; k++) value[i] += sigmoid((m - (k - 0.5) / 255) * r) / 255;
    }
    return { out: { value, scale: value.map(() => 1) } };
  },
  tolerance: { out: 2e-7 },
  sizes: FLAT.sizes.filter(({ n }) => n < 1000),
  bench: BATCHES.map((rows) => ({ n: rows * 20 })),
  work: ({ n }) => ({ bytes: 12 * n }),
});

/** The terms of 255 (m + log((1 + u) / (1 - u)) / r). */
function position(m: number, v: number, u: number): [number, number] {
  return [255 * m, 255 * Math.exp(held(v)) * (Math.log1p(u) - Math.log1p(-u))];
}

/** A level by the quantile of (1 + u) / 2. */
export const f32_logistic_sample = define({
  kernel: kernels.f32_logistic_sample,
  domain: "locations in [-0.5, 1.5], log-scales in [-8, 6]; u in (-1, 1), none whose sample is at the border of levels",
  inputs({ n }) {
    const outputs = parameters(n), u = uniform(n, -1, 1, 5 * n);
    for (let i = 0; i < n; i++) {
      for (;;) {
        const [a, b] = position(outputs[2 * i], outputs[2 * i + 1], u[i]), at = a + b;
        if (Math.abs(at - Math.floor(at) - 0.5) > 1e-4 + 1e-6 * (Math.abs(a) + Math.abs(b)) || at < 0 || at > 255) {
          break;
        }
        u[i] *= 0.999;
      }
    }
    return { outputs, u };
  },
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.outputs, at.u, at.out, LOW, HIGH, n],
  reference({ outputs, u }, { n }) {
    const value = Float32Array.from({ length: n }, (_, i) => {
      const [a, b] = position(outputs[2 * i], outputs[2 * i + 1], u[i]);
      return Math.min(Math.max(Math.round(a + b), 0), 255) / 255;
    });
    return { out: { value } };
  },
  tolerance: {},
  aliases: [{ out: "u" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 16 * n }),
});
