import * as kernels from "../../src/kernels/bindings.ts";
import { define, uniform } from "./entry.ts";
import { FLAT, lossAndGradient, LOSSES } from "./pairs.ts";

/** The scale of the cases, as the kernels take it. */
const B = 0.37, RATE = Math.fround(1 / B), CONSTANT = Math.fround(Math.log(2 * B)), SCALE = Math.fround(B);

/** loss[r] = columns constant + rate sum of |m - x| */
export const f32_laplace_nll = define({
  kernel: kernels.f32_laplace_nll,
  domain: "outputs and x in [-3, 3], each seventh x its location; b 0.37",
  inputs({ rows, columns }) {
    const n = rows * columns, outputs = uniform(n, -3, 3, 3 * n);
    return { outputs, x: uniform(n, -3, 3, 5 * n).map((x, i) => i % 7 === 3 ? outputs[i] : x) };
  },
  outputs: (size) => lossAndGradient(size, 1),
  args: (at, { scale, rows, columns }) => [
    ...[at.outputs, at.x, at.loss, at.doutputs ?? 0, RATE, CONSTANT] as const,
    ...[scale, rows, columns] as const,
  ],
  reference({ outputs, x }, { rows, columns, gradient, scale }) {
    const loss = new Float64Array(rows).fill(columns * CONSTANT), d = new Float64Array(rows * columns);
    const size = loss.map(Math.abs);
    for (let i = 0; i < rows * columns; i++) {
      const r = Math.floor(i / columns), term = RATE * Math.abs(outputs[i] - x[i]);
      loss[r] += term;
      size[r] += term;
      d[i] = Math.sign(outputs[i] - x[i]) * RATE * scale;
    }
    const all = { loss: { value: loss, scale: size } };
    return gradient ? { ...all, doutputs: { value: d, scale: d.map(Math.abs) } } : all;
  },
  tolerance: { loss: 2e-7, doutputs: 6e-8 },
  aliases: [{ doutputs: "outputs" }],
  ...LOSSES,
  work: ({ rows, columns, gradient }) => ({ bytes: 4 * (rows * columns * (gradient ? 3 : 2) + rows) }),
});

/** out = m - b sign(u) log(1 - |u|) */
export const f32_laplace_sample = define({
  kernel: kernels.f32_laplace_sample,
  domain: "outputs in [-3, 3]; u in (-1, 1), of sizes from 1e-6 to 1 - 2^-24; b 0.37",
  inputs({ n }) {
    const u = uniform(n, -1, 1, 5 * n).map((u, i) => i % 3 ? u : u * 10 ** -(i % 7));
    if (n > 2) u.set([0, Math.fround(2 ** -24 - 1), Math.fround(1 - 2 ** -24)]);
    return { outputs: uniform(n, -3, 3, n), u };
  },
  outputs: ({ n }) => ({ out: new Float32Array(n) }),
  args: (at, { n }) => [at.outputs, at.u, at.out, SCALE, n],
  reference({ outputs, u }, { n }) {
    const value = new Float64Array(n), scale = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const away = -SCALE * Math.sign(u[i]) * Math.log1p(-Math.abs(u[i]));
      value[i] = outputs[i] + away;
      scale[i] = Math.abs(outputs[i]) + Math.abs(away);
    }
    return { out: { value, scale } };
  },
  tolerance: { out: 3e-7 },
  aliases: [{ out: "outputs" }, { out: "u" }],
  ...FLAT,
  work: ({ n }) => ({ bytes: 12 * n }),
});
