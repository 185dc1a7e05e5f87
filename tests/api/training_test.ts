/** Ten steps of training against ten steps of the float64 reference with a float64 Adam, and against pinned losses. */
import { foldIn, init, key, loss, random, type Simd, start, step, stop, tf } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { batchOf } from "./model.ts";
import { array64, centralDifferences, entries, map, referenceLoss, relativeError } from "./reference.ts";

const SETTINGS = { learningRate: 3e-3, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 };

/** Adam as algorithm 1 of Kingma and Ba has it, on one tensor. */
function adam64(values: Float64Array, g: Float64Array, mu: Float64Array, nu: Float64Array, t: number): void {
  const { learningRate, beta1, beta2, epsilon } = SETTINGS;
  for (let i = 0; i < values.length; i++) {
    mu[i] = beta1 * mu[i] + (1 - beta1) * g[i];
    nu[i] = beta2 * nu[i] + (1 - beta2) * g[i] ** 2;
    const m = mu[i] / (1 - beta1 ** t), v = nu[i] / (1 - beta2 ** t);
    values[i] -= learningRate * m / (Math.sqrt(v) + epsilon);
  }
}

Deno.test("ten steps give the losses, parameters and moments of a training in float64", () => {
  tf.tidy(() => {
    const B = 6, D = 9, Z = 2, beta = 0.7, x = batchOf(B, D), x64 = array64(x);
    let state = init({ input: D, hidden: [6, 5], latent: Z, activation: "tanh" }, { key: key(0), optimizer: SETTINGS });
    assertEquals(state.optimizer, SETTINGS);
    const { config } = state.params, params64 = map(state.params, array64);
    const mu64 = map(state.mu, array64), nu64 = map(state.nu, array64);
    for (let t = 1; t <= 10; t++) {
      const options = { key: foldIn(key(1), state.step), beta };
      const eps = array64(random.normal(options.key, [B, Z]));
      const loss64 = () => referenceLoss(config, params64, x64, eps, beta), wanted = loss64();
      const [next, metrics] = step(state, x, options);
      state = next;
      assertAlmostEquals(metrics.loss, wanted, 1e-6 * wanted, `loss of step ${t}`);
      // All gradients first: they are those at one point.
      const gradients64 = entries(params64).map(([, { values }]) => centralDifferences(values, loss64));
      const moments = [entries(mu64), entries(nu64)];
      entries(params64).forEach(([, { values }], i) =>
        adam64(values, gradients64[i], moments[0][i][1].values, moments[1][i][1].values, t)
      );
    }
    assertEquals(state.step, 10);
    for (const [tree, tree64] of [[state.params, params64], [state.mu, mu64], [state.nu, nu64]] as const) {
      const wanted = entries(tree64);
      entries(tree).forEach(([name, t], i) => {
        const error = relativeError(t.dataSync(), wanted[i][1].values);
        assert(error < 1e-5, `${name}: relative error ${error}`);
      });
    }
  });
});

/** What `curve` gave with relaxed SIMD when the gradients had been checked against float64 and jax-js. */
const GOLDEN = [
  28.0392518,
  27.9893860,
  27.8238910,
  27.7187242,
  27.6945443,
  27.6230369,
  27.6854642,
  27.6285837,
  27.5784041,
  27.5574219,
];

/** Ten losses of a small model on 32 examples of 40 binary pixels, of which the last 20 repeat the first. */
function curve(): number[] {
  return tf.tidy(() => {
    const half = random.bernoulli(key(11), random.uniform(key(10), [32, 20])), x = tf.concat2d([half, half], 1);
    let state = init({ input: 40, hidden: [24, 12], latent: 4 }, { key: key(0), optimizer: { learningRate: 1e-2 } });
    return Array.from({ length: 10 }, () => {
      const [next, metrics] = step(state, x, { key: foldIn(key(1), state.step) });
      state = next;
      return metrics.loss;
    });
  });
}

for (const [simd, tolerance] of [["relaxed", 1e-5], ["baseline", 1e-4]] satisfies [Simd, number][]) {
  Deno.test(`ten steps give the golden losses with ${simd} SIMD`, async () => {
    stop();
    await start({ simd });
    const losses = curve();
    assertEquals(losses.length, GOLDEN.length);
    losses.forEach((loss, i) => assertAlmostEquals(loss, GOLDEN[i], tolerance * loss, `loss ${i} of ${losses}`));
    stop();
  });
}

Deno.test("training on examples with structure brings the loss down", () => {
  tf.tidy(() => {
    const half = tf.cast<tf.Tensor2D>(tf.less(batchOf(64, 1), 0.5), "float32"), x = tf.tile(half, [1, 30]);
    let state = init({ input: 30, hidden: [16], latent: 2 }, { key: key(0), optimizer: { learningRate: 1e-2 } });
    const before = loss(state.params, x, { key: key(5) });
    for (let i = 0; i < 300; i++) [state] = step(state, x, { key: foldIn(key(1), i), donate: true });
    const after = loss(state.params, x, { key: key(5) });
    assert(before.loss > 20, `loss ${before.loss} before`);
    // Two equally likely patterns: at best the loss is ln 2 nats, all of it KL.
    assert(after.loss < 1.5, `loss ${after.loss} after`);
    assert(after.loss > Math.LN2 - 0.1 && after.kl > 0.5, `kl ${after.kl} of ${after.loss}`);
  });
});
