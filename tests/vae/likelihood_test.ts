import { floats } from "../../src/kernels/heap.ts";
import { LOG_SCALE_BOUNDS } from "../../src/kernels/logistic.ts";
import { PIXEL_LOG_VAR_BOUNDS } from "../../src/kernels/gaussian_nll.ts";
import { key } from "../../src/random.ts";
import { type LikelihoodName, LIKELIHOODS } from "../../src/vae/likelihood.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { SIMD } from "../kernels/builds.ts";
import { identical } from "../kernels/compare.ts";
import { draw, eachCase, losses, put, take, using } from "./likelihood_fixture.ts";
import { FORMULAS } from "./likelihood_formulas.ts";

const NAMES = Object.keys(LIKELIHOODS) as LikelihoodName[];

/** How often a sample is drawn where it is averaged. */
const DRAWS = 1 << 16;

Deno.test("outputs have the width, the support and the log-variance that are promised", () => {
  const rows = NAMES.map((name) => {
    const { outputs, support: [low, high], logVar, slope } = LIKELIHOODS[name];
    assertEquals(slope !== undefined, logVar === "learned");
    assert(
      low === 0 && high === 1 || high === -low && Math.fround(high) === high && Math.fround(high * 2) === Infinity,
    );
    return [name, outputs, high === 1 ? "unit" : "finite", logVar];
  });
  assertEquals(rows, [
    ["bernoulli", 1, "unit", "none"],
    ["continuous-bernoulli", 1, "unit", "none"],
    ["gaussian", 1, "finite", "fixed"],
    ["gaussian-global", 1, "finite", "learned"],
    ["gaussian-pixel", 2, "finite", "none"],
    ["squared-error", 1, "finite", "none"],
    ["laplace", 1, "finite", "fixed"],
    ["discretized-logistic", 2, "unit", "none"],
  ]);
});

for (const simd of SIMD) {
  Deno.test(`each loss (${simd}) is the formula's, and its gradient that of central differences`, () => {
    using(simd, 1, (rt) => {
      for (const name of NAMES) {
        const formula = FORMULAS[name], { xs } = formula;
        eachCase(name, (outputs, logVar, what) => {
          const { nll, gradient } = losses(rt, name, outputs, xs, logVar), lengths = formula.length(outputs, logVar);
          xs.forEach((given, i) => {
            const x = LIKELIHOODS[name].support[1] === 1 ? given : Math.fround(given);
            const want = formula.nll(outputs, x, logVar);
            assertAlmostEquals(
              nll[i],
              want,
              1e-6 * (1 + Math.abs(want)),
              `${what}: nll ${nll[i]} of ${x}, not ${want}`,
            );
            outputs.forEach((value, p) => {
              const step = 1e-4 * lengths[p], got = gradient[i * outputs.length + p];
              const at = (v: number) => formula.nll(outputs.with(p, v), x, logVar);
              const slope = (at(value + step) - at(value - step)) / (2 * step);
              const bound = 2e-6 * (Math.abs(slope) + 1 / lengths[p]);
              assertAlmostEquals(got, slope, bound, `${what}: gradient ${got} of ${x} by ${p}, not ${slope}`);
            });
          });
        });
      }
    });
  });

  Deno.test(`each likelihood (${simd}) sums to 1, and its mean is the expectation of x`, () => {
    using(simd, 1, (rt) => {
      for (const name of NAMES) {
        eachCase(name, (outputs, logVar, what) => {
          const { x, weight } = FORMULAS[name].points(outputs, logVar);
          const { nll } = losses(rt, name, outputs, x, logVar), mass = weight.map((w, i) => w * Math.exp(-nll[i]));
          const sum = (f: (i: number) => number) => mass.reduce((s, m, i) => s + m * f(i), 0);
          assertAlmostEquals(sum(() => 1), 1, 1e-4, `${what}: sums to ${sum(() => 1)}`);
          const [got] = draw(rt, name, outputs, 1, 1, logVar), want = sum((i) => x[i]);
          assertAlmostEquals(got, want, 1e-4 * (1 + Math.abs(want)), `${what}: mean ${got}, not ${want}`);
        });
      }
    });
  });

  Deno.test(`samples (${simd}) are in the support, with the likelihood's mean and variance`, () => {
    using(simd, 2, (rt) => {
      for (const name of NAMES) {
        const [low, high] = LIKELIHOODS[name].support;
        eachCase(name, (outputs, logVar, what) => {
          const { x, weight } = FORMULAS[name].points(outputs, logVar);
          const { nll } = losses(rt, name, outputs, x, logVar), mass = weight.map((w, i) => w * Math.exp(-nll[i]));
          const [mean] = draw(rt, name, outputs, 1, 1, logVar);
          const moment = (power: number) => mass.reduce((s, m, i) => s + m * (x[i] - mean) ** power, 0);
          const variance = moment(2), tiny = 1e-5 * (1 + Math.abs(mean));
          const sample = draw(rt, name, outputs, DRAWS, 1, logVar, 7);
          assert(sample.every((v) => v >= low && v <= high), `${what}: beyond the support`);
          if (name === "bernoulli") assert(sample.every((v) => v === 0 || v === 1), what);
          if (name === "discretized-logistic") {
            assert(sample.every((v) => v === Math.fround(Math.round(255 * v) / 255)), `${what}: not a level`);
          }
          const average = sample.reduce((s, v) => s + v, 0) / DRAWS;
          const bound = 5 * Math.sqrt(variance / DRAWS) + tiny;
          assertAlmostEquals(average, mean, bound, `${what}: average ${average}, mean ${mean}, bound ${bound}`);
          const spread = sample.reduce((s, v) => s + (v - mean) ** 2, 0) / DRAWS;
          const spreadBound = 5 * Math.sqrt(Math.max(moment(4) - variance ** 2, 0) / DRAWS) + tiny;
          assertAlmostEquals(spread, variance, spreadBound, `${what}: variance ${spread}, not ${variance}`);
        });
      }
    });
  });

  Deno.test(`losses, means and samples (${simd}) have the same bits on 1 to 4 threads, and in place`, () => {
    const B = 33, D = 301, apart = new Map<string, Float32Array<ArrayBuffer>>();
    for (let threads = 1; threads <= 4; threads++) {
      using(simd, threads, (rt) => {
        for (const name of NAMES) {
          const { outputs: P, ...likelihood } = LIKELIHOODS[name];
          const o = uniform(B * D * P, -2, 2, 3), x = put(rt, uniform(B * D, 0, 1, 5), B, D);
          const nll = put(rt, [NaN], B, 1), grad = put(rt, [NaN], B, D * P), outputs = put(rt, o, B, D * P);
          likelihood.nll(rt, nll, outputs, x, -1, { out: grad, scale: 1 });
          const alone = put(rt, [NaN], B, 1);
          likelihood.nll(rt, alone, outputs, x, -1);
          assert(identical(take(rt, alone), take(rt, nll)), `${name}: another loss without gradient`);
          likelihood.nll(rt, nll, outputs, x, -1, { out: outputs, scale: 1 });
          assert(identical(take(rt, outputs), take(rt, grad)), `${name}: another gradient in place`);
          const results: Record<string, Float32Array<ArrayBuffer>> = {
            nll: take(rt, nll),
            gradient: take(rt, grad),
            mean: draw(rt, name, o, B, D, -1),
            sample: draw(rt, name, o, B, D, -1, 3),
          };
          assert(!identical(results.sample, draw(rt, name, o, B, D, -1, 4)), `${name}: the key does not matter`);
          if (P === 1) {
            const inPlace = put(rt, o, B, D), sampled = put(rt, o, B, D);
            likelihood.mean(rt, inPlace, inPlace, -1);
            likelihood.sample(rt, sampled, sampled, -1, key(3));
            assert(identical(take(rt, inPlace), results.mean), `${name}: another mean in place`);
            assert(identical(take(rt, sampled), results.sample), `${name}: another sample in place`);
          }
          for (const [what, values] of Object.entries(results)) {
            const first = apart.get(name + what) ?? values;
            apart.set(name + what, first);
            assert(identical(values, first), `${name}: other bits of ${what} on ${threads} threads`);
          }
        }
      });
    }
  });

  Deno.test(`the loss of an example (${simd}) is the sum over its values`, () => {
    using(simd, 1, (rt) => {
      for (const name of NAMES) {
        const { nll, xs, cases, logVars: [logVar] } = FORMULAS[name], D = cases.length;
        const at = (j: number) => xs[j % xs.length], out = put(rt, [NaN], 2, 1);
        const x = put(rt, cases.map((_, j) => at(j)), 2, D), o = put(rt, cases.flat(), 2, cases.flat().length);
        LIKELIHOODS[name].nll(rt, out, o, x, logVar);
        const want = cases.reduce((sum, outputs, j) => sum + nll(outputs, at(j), logVar), 0);
        for (const got of take(rt, out)) assertAlmostEquals(got, want, 1e-6 * (D + Math.abs(want)), name);
      }
    });
  });

  Deno.test(`a second parameter at its bound or beyond (${simd}) counts as the bound, and has no gradient`, () => {
    const bounds = { "gaussian-pixel": PIXEL_LOG_VAR_BOUNDS, "discretized-logistic": LOG_SCALE_BOUNDS };
    using(simd, 1, (rt) => {
      for (const [name, [low, high]] of Object.entries(bounds) as [LikelihoodName, readonly [number, number]][]) {
        for (const [bound, beyond] of [[low, low - 1], [low, -1e30], [high, high + 1], [high, 1e30]]) {
          const at = losses(rt, name, [0.3, bound], [0.5, 1], 0), past = losses(rt, name, [0.3, beyond], [0.5, 1], 0);
          assertEquals(past, at);
          assertEquals([at.gradient[1], at.gradient[3]], [0, 0]);
          for (const k of [-1, 5]) {
            assertEquals(draw(rt, name, [0.3, beyond], 9, 1, 0, k), draw(rt, name, [0.3, bound], 9, 1, 0, k));
          }
        }
      }
    });
  });

  Deno.test(`the slope by the log-variance (${simd}) is that of central differences`, () => {
    const { nll, logVars } = FORMULAS["gaussian-global"], mean = 0.25, xs = [-2, 0, 0.25, 1, 3.5, 0.75, 0.5];
    using(simd, 1, (rt) => {
      for (const logVar of logVars) {
        const total = (v: number) => xs.reduce((sum, x) => sum + nll([mean], x, v), 0), step = 1e-4;
        const out = put(rt, [NaN], 1, 1);
        LIKELIHOODS["gaussian-global"].nll(rt, out, put(rt, [mean], 1, xs.length), put(rt, xs, 1, xs.length), logVar);
        const got = LIKELIHOODS["gaussian-global"].slope!(take(rt, out)[0], xs.length, logVar);
        const want = (total(logVar + step) - total(logVar - step)) / (2 * step);
        assertAlmostEquals(got, want, 1e-6 * (xs.length + Math.abs(want)));
      }
    });
  });

  Deno.test(`x between two levels (${simd}) counts as the nearest`, () => {
    using(simd, 1, (rt) => {
      const of = (x: number) => losses(rt, "discretized-logistic", [0.4, -3], [x], 0);
      for (const k of [0, 1, 100, 254, 255]) {
        for (const off of [-0.45, 0.45]) assertEquals(of(Math.min(Math.max((k + off) / 255, 0), 1)), of(k / 255));
      }
    });
  });

  Deno.test(`a NaN (${simd}) in outputs or x makes its example's loss NaN, and no other`, () => {
    using(simd, 1, (rt) => {
      for (const name of NAMES) {
        const { outputs: P, nll } = LIKELIHOODS[name], B = 3, D = 7;
        for (let i = 0; i < B * D; i++) {
          for (const [n, what] of [[D * P, "outputs"], [D, "x"]] as const) {
            const o = put(rt, [0.3], B, D * P), x = put(rt, [0.5], B, D), out = put(rt, [0], B, 1);
            floats(rt.heap, what === "x" ? x : o)[what === "x" ? i : i * P + i % P] = NaN;
            const gradient = put(rt, [0], B, D * P), row = Math.floor(i / D);
            nll(rt, out, o, x, 0, { out: gradient, scale: 1 });
            assertEquals([...take(rt, out)].map(Number.isNaN), [0, 1, 2].map((r) => r === row), `${name}, ${what}`);
            take(rt, gradient).forEach((d, j) => {
              assert(
                Number.isFinite(d) || Math.floor(j / P) === i,
                `${name}: ${what} ${n} spoils the gradient of others`,
              );
            });
          }
        }
      }
    });
  });
}
