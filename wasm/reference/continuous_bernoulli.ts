import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, type Buffers, define, generator, GRID, uniform } from "./entry.ts";
import { FLAT } from "./pairs.ts";

/** log((1 - e^-a) / a), a = |l|: what the loss has besides max(l, 0) - l x. */
function edge(a: number): number {
  return a < 1e-3 ? -a / 2 + a * a / 24 : Math.log(-Math.expm1(-a) / a);
}

/** 1 / (1 - e^-l) - 1 / l, whose first terms at 0 are 1/2 + l / 12 - l^3 / 720. */
function mean(l: number): number {
  return Math.abs(l) < 1e-2 ? 0.5 + l / 12 - l ** 3 / 720 : -1 / Math.expm1(-l) - 1 / l;
}

/** Logits of both signs: every third of a size from 1e-8 to 1, others up to 40; 0, 2 and -2 among them. */
function logits(n: number): Float32Array<ArrayBuffer> {
  const special = [0, 2, -2];
  return uniform(n, -40, 40, 3 * n).map((l, i) => {
    if (i % 13 === 6) return special[Math.floor(i / 13) % 3];
    return i % 3 ? l : l / 40 * 10 ** -(i % 9);
  });
}

/** The negative log-likelihood and its gradient. */
export const f32_continuous_bernoulli_nll = define({
  kernel: kernels.f32_continuous_bernoulli_nll,
  domain: "logits in [-40, 40], many of them close to 0; x in [0, 1], half of them 0 or 1",
  inputs({ rows, columns }) {
    const n = rows * columns, random = generator(n);
    const x = uniform(n, 0, 1, 5 * n).map((x) => random() < 0.5 ? Math.round(x) : x);
    return { logits: logits(n), x };
  },
  outputs({ rows, columns, gradient }): Buffers {
    const loss = new Float32Array(rows);
    return gradient ? { loss, dlogits: new Float32Array(rows * columns) } : { loss };
  },
  args: (at, { scale, rows, columns }) => [at.logits, at.x, at.loss, at.dlogits ?? 0, scale, rows, columns],
  reference({ logits, x }, { rows, columns, gradient, scale }) {
    const loss = new Float64Array(rows), size = new Float64Array(rows), d = new Float64Array(rows * columns);
    for (let i = 0; i < rows * columns; i++) {
      const l = logits[i], r = Math.floor(i / columns), g = edge(Math.abs(l));
      loss[r] += Math.max(l, 0) - l * x[i] + g;
      size[r] += Math.max(l, 0) + Math.abs(l * x[i]) + Math.abs(g);
      d[i] = (mean(l) - x[i]) * scale;
    }
    const outputs = { loss: { value: loss, scale: size } };
    return gradient ? { ...outputs, dlogits: { value: d, scale: d.map(() => scale) } } : outputs;
  },
  tolerance: { loss: 3e-7, dlogits: 2e-7 },
  aliases: [{ dlogits: "logits" }],
  sizes: GRID.flatMap((size) => [{ ...size, gradient: 1, scale: 1 / 128 }, { ...size, gradient: 0, scale: 0 }]),
  bench: BATCHES.flatMap((rows) =>
    [1, 0].map((gradient) => ({ rows, columns: 784, gradient, scale: gradient / rows }))
  ),
  work: ({ rows, columns, gradient }) => ({ bytes: 4 * (rows * columns * (gradient ? 3 : 2) + rows) }),
});

/** 1 / (1 - e^-l) - 1 / l */
export const f32_continuous_bernoulli_mean = define({
  kernel: kernels.f32_continuous_bernoulli_mean,
  domain: "logits in [-40, 40], many of them close to 0",
  inputs: ({ n }) => ({ logits: logits(n) }),
  outputs: ({ n }) => ({ mean: new Float32Array(n) }),
  args: (at, { n }) => [at.logits, at.mean, n],
  reference: ({ logits }) => ({ mean: { value: Float64Array.from(logits, mean), scale: logits.map(() => 1) } }),
  tolerance: { mean: 2e-7 },
  aliases: [{ mean: "logits" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 8 * n }),
});

/** log(1 + u (e^l - 1)) / l, by l < 0 where that is stable, and by its mirror image. */
function quantile(l: number, u: number): number {
  const a = Math.abs(l);
  const y = a < 1e-9 ? u : -Math.log1p(u * Math.expm1(-a)) / a;
  return l < 0 ? y : 1 - y;
}

/** The quantile of u, for l > 0 of 1 - u. */
export const f32_continuous_bernoulli_sample = define({
  kernel: kernels.f32_continuous_bernoulli_sample,
  domain: "logits in [-40, 40], many of them close to 0; u in [0, 1), multiples of 2^-23, both ends among them",
  inputs({ n }) {
    const u = uniform(n, 0, 1, 5 * n).map((u) => Math.floor(u * 2 ** 23) / 2 ** 23);
    return { logits: logits(n), u: u.map((u, i) => i % 17 === 4 ? 0 : i % 17 === 9 ? 1 - 2 ** -23 : u) };
  },
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.logits, at.u, at.out, n],
  reference({ logits, u }, { n }) {
    const value = Float64Array.from({ length: n }, (_, i) => quantile(logits[i], u[i]));
    return { out: { value, scale: value.map(() => 1) } };
  },
  tolerance: { out: 4e-7 },
  aliases: [{ out: "logits" }, { out: "u" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 12 * n }),
});
