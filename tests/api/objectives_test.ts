import { gradients, key, loss, type LossOptions, type Params, perExampleLoss, random, tf } from "../../mod.ts";
import { foldIn } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, bitsOf, floatsOf, modelOf } from "./model.ts";
import { type Array64, array64, centralDifferences, entries, map, reference, relativeError } from "./reference.ts";

const KEY = key(21);

/** What IWAE's formulas give in float64: log w [k][B], from the model's own parameters. */
function logWeights(params: Params, p64: ReturnType<typeof at64>, x: Array64, k: number, beta: number): Float64Array[] {
  return Array.from({ length: k }, (_, s) => {
    const eps = array64(random.normal(foldIn(KEY, s), [x.rows, params.config.latent]));
    const { z, logVar, reconstruction } = reference(params.config, p64, x, eps);
    return reconstruction.map((nll, b) => {
      let ratio = 0;
      for (let j = 0; j < z.cols; j++) {
        const i = b * z.cols + j;
        ratio += (z.values[i] ** 2 - eps.values[i] ** 2 - logVar.values[i]) / 2;
      }
      return -nll - beta * ratio;
    });
  });
}

function at64(params: Params) {
  return map(params, array64);
}

function logMeanExp(values: number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0) / values.length);
}

/** -1/B sum over b of log 1/k sum over s of w. */
function bound(params: Params, p64: ReturnType<typeof at64>, x: Array64, k: number, beta: number): number {
  const w = logWeights(params, p64, x, k, beta);
  let sum = 0;
  for (let b = 0; b < x.rows; b++) sum -= logMeanExp(w.map((row) => row[b]));
  return sum / x.rows;
}

for (const [k, B] of [[1, 4], [2, 1], [3, 5], [7, 2]] as const) {
  Deno.test(`IWAE with ${k} samples and a batch of ${B} is the formula, and its gradient that of central differences`, () => {
    tf.tidy(() => {
      const { params } = modelOf({ input: 9, hidden: [6], latent: 3, activation: "tanh" }, k);
      const x = batchOf(B, 9), x64 = array64(x), p64 = at64(params);
      for (const beta of [1, 0.3]) {
        const options: LossOptions = { key: KEY, objective: "iwae", samples: k, beta };
        const [grads, metrics] = gradients(params, x, options), f = () => bound(params, p64, x64, k, beta);
        assertAlmostEquals(metrics.loss, f(), 1e-6 * f());
        assertAlmostEquals(loss(params, x, options).loss, metrics.loss, 1e-6 * f());
        const each = floatsOf(perExampleLoss(params, x, options));
        assertAlmostEquals(each.reduce((a, v) => a + v, 0) / B, f(), 1e-6 * f());
        entries(p64).forEach(([name, { values }], i) => {
          const got = floatsOf(entries(grads)[i][1]), wanted = centralDifferences(values, f);
          assert(relativeError(got, wanted) < 3e-6, `${name}: ${relativeError(got, wanted)}`);
        });
      }
    });
  });
}

/**
 * The doubly reparameterized gradient by central differences: the decoder's is that of the bound; the encoder's that of
 * -1/B sum over s of w~^2 log w with w~ held fixed, and q(z | x) in log w too, but for z.
 */
Deno.test("DReG is the decoder's gradient of the bound, and the encoder's of squared weights without the score", () => {
  tf.tidy(() => {
    const k = 4, B = 3, { params } = modelOf({ input: 8, hidden: [5], latent: 2, activation: "tanh" }, 31);
    const x = batchOf(B, 8), x64 = array64(x), p64 = at64(params), Z = 2;
    const [grads, metrics] = gradients(params, x, { key: KEY, objective: "dreg", samples: k });
    assertAlmostEquals(metrics.loss, bound(params, p64, x64, k, 1), 1e-5);
    const w = logWeights(params, p64, x64, k, 1);
    const share = (s: number, b: number) => Math.exp(w[s][b] - logMeanExp(w.map((row) => row[b]))) / k;
    const shares = w.map((row, s) => row.map((_, b) => share(s, b) ** 2));
    const noise = Array.from({ length: k }, (_, s) => array64(random.normal(foldIn(KEY, s), [B, Z])));
    const fixed = reference(params.config, at64(params), x64, noise[0]); // q with its parameters held
    const surrogate = () => {
      let sum = 0;
      noise.forEach((eps, s) => {
        const { z, reconstruction } = reference(params.config, p64, x64, eps);
        for (let b = 0; b < B; b++) {
          let logP = -reconstruction[b];
          for (let i = b * Z; i < (b + 1) * Z; i++) {
            const variance = Math.exp(fixed.logVar.values[i]);
            logP += (z.values[i] - fixed.mean.values[i]) ** 2 / (2 * variance) - z.values[i] ** 2 / 2;
          }
          sum -= shares[s][b] * logP / B;
        }
      });
      return sum;
    };
    entries(p64).forEach(([name, { values }], i) => {
      const f = name.startsWith("encoder") ? surrogate : () => bound(params, p64, x64, k, 1);
      const got = floatsOf(entries(grads)[i][1]), wanted = centralDifferences(values, f);
      assert(relativeError(got, wanted) < 3e-6, `${name}: ${relativeError(got, wanted)}`);
    });
  });
});

Deno.test("the bound grows with the samples, and does not depend on how they are cut into chunks", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 12, hidden: [8], latent: 4 }, 41), x = batchOf(300, 12);
    const at = (samples: number) => loss(params, x, { key: KEY, objective: "iwae", samples }).loss;
    assert(at(1) > at(5) && at(5) > at(50), `${at(1)} ${at(5)} ${at(50)}`);
    // 300 rows are seen 6 samples at a time, one row all 50 at once: the sum for a row is the same but for its noise.
    const one = tf.slice2d(x, [0, 0], [1, 12]), single = { key: KEY, objective: "iwae", samples: 5 } as const;
    const eps = [0, 1, 2, 3, 4].map((s) => array64(random.normal(foldIn(KEY, s), [1, 4])));
    const p64 = at64(params), x64 = array64(one);
    const w = eps.map((e) => {
      const { z, logVar, reconstruction } = reference(params.config, p64, x64, e);
      return -reconstruction[0] -
        z.values.reduce((a, v, i) => a + (v * v - e.values[i] ** 2 - logVar.values[i]) / 2, 0);
    });
    assertAlmostEquals(-floatsOf(perExampleLoss(params, one, single))[0], logMeanExp(w), 1e-5);
  });
});

Deno.test("free bits spend what they are given, and pull no dimension below them", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 10, hidden: [7], latent: 3, activation: "tanh" }, 51), B = 6;
    const x = batchOf(B, 10), x64 = array64(x), p64 = at64(params), eps = array64(random.normal(KEY, [B, 3]));
    const kls = () => {
      const { mean, logVar } = reference(params.config, p64, x64, eps), kl = [0, 0, 0];
      mean.values.forEach((m, i) => kl[i % 3] += (m * m + Math.expm1(logVar.values[i]) - logVar.values[i]) / 2 / B);
      return kl;
    };
    const free = kls().toSorted((a, b) => a - b)[1] + 1e-3; // above two of three
    const f = () =>
      reference(params.config, p64, x64, eps).reconstruction.reduce((a, v) => a + v / B, 0) +
      0.7 * kls().reduce((a, v) => a + Math.max(free, v), 0);
    const [grads, metrics] = gradients(params, x, { key: KEY, freeBits: free, beta: 0.7 });
    assertAlmostEquals(metrics.loss, f(), 1e-5);
    assert(metrics.loss > metrics.reconstruction + 0.7 * metrics.kl);
    entries(p64).forEach(([name, { values }], i) => {
      const got = floatsOf(entries(grads)[i][1]), wanted = centralDifferences(values, f);
      assert(relativeError(got, wanted) < 3e-6, `${name}: ${relativeError(got, wanted)}`);
    });
    const [plain] = gradients(params, x, { key: KEY }), [none] = gradients(params, x, { key: KEY, freeBits: 0 });
    assertEquals(bitsOf(plain), bitsOf(none));
  });
});

Deno.test("an objective that is not one is refused by name", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 4, hidden: [3], latent: 2 }), x = batchOf(2, 4);
    const refused = (options: Record<string, unknown>, message: string) =>
      assertThrows(() => loss(params, x, { key: KEY, ...options } as LossOptions), RangeError, message);
    refused({ objective: "elbow" }, 'expected objective to be one of "elbo", "iwae", "dreg"');
    refused({ objective: "iwae", samples: 0 }, "expected samples to be a positive integer, got 0");
    refused({ objective: "iwae", samples: 2.5 }, "expected samples to be a positive integer, got 2.5");
    refused({ samples: 5 }, 'expected samples to be 1 for the objective "elbo"');
    refused({ freeBits: -1 }, "expected freeBits to be a finite number of at least 0, got -1");
    refused({ objective: "dreg", freeBits: 0.1 }, 'expected freeBits to be 0 for the objective "dreg"');
    refused({ beta: NaN }, "expected beta");
  });
});
