import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, type Buffers, define, generator, GRID, uniform } from "./entry.ts";

/** The negative log-likelihood and its gradient. */
export const f32_bernoulli_nll = define({
  kernel: kernels.f32_bernoulli_nll,
  domain: "logits in [-30, 30]; x in [0, 1], half of them 0 or 1",
  inputs({ rows, columns }) {
    const n = rows * columns, random = generator(n);
    const x = uniform(n, 0, 1, 5 * n).map((x) => random() < 0.5 ? Math.round(x) : x);
    return { logits: uniform(n, -30, 30, 3 * n), x };
  },
  outputs({ rows, columns, gradient }): Buffers {
    const loss = new Float32Array(rows);
    return gradient ? { loss, dlogits: new Float32Array(rows * columns) } : { loss };
  },
  args: (at, { scale, rows, columns }) => [at.logits, at.x, at.loss, at.dlogits ?? 0, scale, rows, columns],
  reference({ logits, x }, { rows, columns, gradient, scale }) {
    const loss = new Float64Array(rows), size = new Float64Array(rows), d = new Float64Array(rows * columns);
    for (let i = 0; i < rows * columns; i++) {
      const l = logits[i], r = Math.floor(i / columns);
      const entropy = Math.log1p(Math.exp(-Math.abs(l)));
      loss[r] += Math.max(l, 0) - l * x[i] + entropy;
      size[r] += Math.max(l, 0) + Math.abs(l * x[i]) + entropy;
      d[i] = (1 / (1 + Math.exp(-l)) - x[i]) * scale;
    }
    const outputs = { loss: { value: loss, scale: size } };
    return gradient ? { ...outputs, dlogits: { value: d, scale: d.map(() => scale) } } : outputs;
  },
  tolerance: { loss: 3e-7, dlogits: 3e-7 },
  aliases: [{ dlogits: "logits" }],
  sizes: GRID.flatMap((size) => [{ ...size, gradient: 1, scale: 1 / 128 }, { ...size, gradient: 0, scale: 0 }]),
  bench: BATCHES.flatMap((rows) =>
    [1, 0].map((gradient) => ({ rows, columns: 784, gradient, scale: gradient / rows }))
  ),
  work: ({ rows, columns, gradient }) => ({ bytes: 4 * (rows * columns * (gradient ? 3 : 2) + rows) }),
});
