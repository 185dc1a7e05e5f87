/** The variance that `gaussian-global` learns: Rybkin et al. (2021), whose optimum is the mean squared residual. */
import {
  decode,
  encode,
  foldIn,
  gradients,
  init,
  key,
  type ObjectiveName,
  type Params,
  random,
  sample,
  type State,
  step,
  tf,
} from "../../mod.ts";
import { assert, assertAlmostEquals } from "../assert.ts";
import { ARCHITECTURES, examplesOf, familyOf, labelsFor, replaced } from "./family.ts";
import { floatsOf } from "./model.ts";

const KEY = key(13);

/** The mean over batch and values of (x - mean of x given z)^2, with z of that key, for a model without normalization. */
function residual(params: Params, x: tf.Tensor2D, z: tf.Tensor2D, labels?: number[]): number {
  return tf.tidy(() => {
    const values = floatsOf(tf.squaredDifference(decode(params, z, { labels }), x));
    return values.reduce((sum, v) => sum + v, 0) / values.length;
  });
}

function logVarOf(params: Params): number {
  return floatsOf(params.decoder.logVar!)[0];
}

function withLogVar(params: Params, value: number): Params {
  return replaced(params, (_, name) => name === "decoder.logVar" ? tf.tensor1d([value]) : undefined);
}

for (const what of ["one convolution, one channel", "embedded labels"]) {
  Deno.test(`the gradient of the learned log-variance is D (1 - residual / variance) / 2, with ${what}`, () => {
    tf.tidy(() => {
      const { params } = familyOf({ ...ARCHITECTURES[what], likelihood: "gaussian-global" }, 2), { config } = params;
      const x = examplesOf(config, 6), labels = labelsFor(config, 6), options = { key: KEY, labels };
      const squares = residual(params, x, sample(encode(params, x, { labels }), { key: KEY }), labels);
      const slope = (p: Params) => floatsOf(gradients(p, x, options)[0].decoder.logVar!)[0];
      for (const logVar of [-2, 0, 1]) {
        const wanted = config.input / 2 * (1 - squares / Math.exp(logVar));
        assertAlmostEquals(slope(withLogVar(params, logVar)), wanted, 1e-5 * (config.input + Math.abs(wanted)));
      }
      // At the closed form there is nothing left to learn.
      assertAlmostEquals(slope(withLogVar(params, Math.log(squares))), 0, 1e-5 * config.input);
    });
  });
}

for (const [objective, samples] of [["elbo", 1], ["iwae", 3]] satisfies [ObjectiveName, number][]) {
  Deno.test(`training brings the learned variance to that of the residuals, by ${objective}`, () => {
    for (const scale of [0.2, 3]) {
      tf.tidy(() => {
        // A pattern that a code of two values explains, and noise that nothing does.
        const B = 128, D = 10, noise = tf.mul(random.normal(key(1), [B, D]), scale);
        const pattern = tf.matMul(random.normal(key(2), [B, 2]), random.normal(key(3), [2, D]));
        const x = tf.add(noise, tf.mul(pattern, 2 * scale)) as tf.Tensor2D;
        const config = { input: D, latent: 2, hidden: [16], likelihood: "gaussian-global" } as const;
        // The first gradients by the log-variance are a hundred times as large as the last: Adam must forget them.
        let state: State = init(config, { key: key(4), optimizer: { learningRate: 0.02, beta2: 0.99 } });
        for (let i = 0; i < 800; i++) {
          [state] = step(state, x, { key: foldIn(KEY, i), donate: true, objective, samples });
        }
        const { params } = state, q = encode(params, x), draws = 10;
        let mean = 0;
        for (let i = 0; i < draws; i++) mean += residual(params, x, sample(q, { key: foldIn(key(5), i) })) / draws;
        const variance = Math.exp(logVarOf(params));
        // The bound's own optimum weighs samples, so that it lies somewhat lower.
        const [low, high] = objective === "elbo" ? [0.93, 1.07] : [0.8, 1.07];
        assert(variance > low * mean && variance < high * mean, `variance ${variance}, residual ${mean}`);
        // And the residual is the noise, of which a code of two values takes some.
        assert(mean > 0.5 * scale ** 2 && mean < 1.5 * scale ** 2, `residual ${mean}, noise ${scale ** 2}`);
      });
    }
  });
}
