import * as kernels from "../../src/kernels/bindings.ts";
import { define, LENGTHS, ULP, wide } from "./entry.ts";

/** Parameters of the 784-400-20 model. */
const MODEL = (784 + 1) * 400 + 2 * (400 + 1) * 20 + (20 + 1) * 400 + (400 + 1) * 784;

const STEP = 3, B1 = 0.9, B2 = 0.999, EPS = 1e-8;

/** The constants of step 3, as float32, for the kernel takes them so. */
const [rate, correction, b1, a1, b2, a2, eps] = //
  [1e-3 / (1 - B1 ** STEP), 1 / (1 - B2 ** STEP), B1, 1 - B1, B2, 1 - B2, EPS].map(Math.fround);

/** The gradient's factor and the decay of a case that has them. */
const FACTOR = Math.fround(0.3), DECAY = Math.fround(0.01);

/** One step of Adam, with clipping and decay or without. */
export const f32_adam = define({
  kernel: kernels.f32_adam,
  domain:
    "params, grads and mu of sizes 2^-20 to 2^3, nu of 2^-40 to 2^6; zeros among them; factor and decay 1 and 0, or 0.3 and 0.01",
  inputs: ({ n }) => ({
    params: wide(n, -20, 3, n),
    grads: wide(n, -20, 3, 3 * n),
    mu: wide(n, -20, 3, 5 * n),
    nu: wide(n, -40, 6, 7 * n).map(Math.abs),
  }),
  outputs: ({ n }) => ({ newParams: new Float32Array(n), newMu: new Float32Array(n), newNu: new Float32Array(n) }),
  args: (at, { n, decayed }) => [
    ...[at.params, at.grads, at.mu, at.nu, at.newParams, at.newMu, at.newNu] as const,
    ...[n, rate, correction, b1, a1, b2, a2, eps, decayed ? FACTOR : 1, decayed ? DECAY : 0] as const,
  ],
  reference({ params, grads, mu, nu }, { n, decayed }) {
    const [m, v, p, mScale, pScale] = Array.from({ length: 5 }, () => new Float64Array(n));
    for (let i = 0; i < n; i++) {
      const g = (decayed ? FACTOR : 1) * grads[i], decay = (decayed ? DECAY : 0) * params[i];
      m[i] = b1 * mu[i] + a1 * g;
      v[i] = b2 * nu[i] + a2 * g * g;
      const perMoment = rate / (Math.sqrt(v[i] * correction) + eps);
      p[i] = params[i] - (perMoment * m[i] + decay);
      // What cancels in the moment, or against the parameter, leaves its rounding behind.
      mScale[i] = Math.abs(b1 * mu[i]) + Math.abs(a1 * g);
      pScale[i] = Math.abs(p[i]) + 12 * perMoment * mScale[i] + 3 * Math.abs(decay);
    }
    return {
      newMu: { value: m, scale: mScale },
      newNu: { value: v, scale: v },
      newParams: { value: p, scale: pScale },
    };
  },
  tolerance: { newMu: 3 * ULP, newNu: 5 * ULP, newParams: ULP },
  aliases: [{ newParams: "params", newMu: "mu", newNu: "nu" }, { newMu: "mu" }],
  sizes: LENGTHS.map((n, i) => ({ n, decayed: i % 2 })),
  bench: [{ n: MODEL, decayed: 0 }],
  work: ({ n }) => ({ bytes: 28 * n }),
});
