/** `likelihood(params)`: means, samples and log-probabilities against float64, and what else is made of them. */
import {
  type Config,
  decode,
  elbo,
  encode,
  generate,
  key,
  likelihood,
  type LikelihoodName,
  type Params,
  perExampleLoss,
  random,
  reconstruct,
  sample,
  tf,
} from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "../assert.ts";
import { FORMULAS } from "../vae/likelihood_formulas.ts";
import { ALL_LIKELIHOODS, ARCHITECTURES, examplesOf, familyOf, labelsFor, replaced } from "./family.ts";
import { nll64, runOf, valueNll, valuesOf } from "./family_reference.ts";
import { bitsOf, floatsOf } from "./model.ts";
import { array64, relativeError } from "./reference.ts";

const KEY = key(8), VARIANCE = 0.3;

/** The model of a likelihood, and the log-variance that it has for all values. */
function modelOf(name: LikelihoodName, D = 3): { params: Params; logVar: number } {
  const { params } = familyOf({ input: D, latent: 2, hidden: [4], likelihood: name, variance: VARIANCE }, 4);
  return { params, logVar: params.decoder.logVar?.dataSync()[0] ?? Math.log(VARIANCE) };
}

/** Outputs of B examples as any decoder might give them; log-scales so that bins of 1/255 are seen. */
function outputsOf({ input }: Config, name: LikelihoodName, B: number): tf.Tensor2D {
  const P = likelihoodOutputs(name), u = random.uniform(key(9), [B, input * P], { low: -1.5, high: 1.5 }).dataSync();
  const logistic = name === "discretized-logistic";
  return tf.tensor2d(u.map((v, i) => logistic ? (i % 2 ? v - 4 : (v + 1.5) / 3) : v), [B, input * P]);
}

function likelihoodOutputs(name: LikelihoodName): 1 | 2 {
  return name === "gaussian-pixel" || name === "discretized-logistic" ? 2 : 1;
}

/** The outputs of each value, as float64. */
function valuesAt(outputs: tf.Tensor2D, P: number): number[][] {
  const values = [...outputs.dataSync()];
  return Array.from({ length: values.length / P }, (_, i) => values.slice(i * P, (i + 1) * P));
}

/** Moments of one value: the sum, or the integral, of p(x), x p(x) and (x - mean)^2 p(x). */
function moments(
  name: LikelihoodName,
  outputs: number[],
  logVar: number,
): [mass: number, mean: number, variance: number] {
  const { x, weight } = FORMULAS[name].points(outputs, logVar);
  const p = x.map((v, i) => weight[i] * Math.exp(-valueNll(name, outputs, v, logVar)));
  const mass = p.reduce((a, b) => a + b), mean = p.reduce((sum, p, i) => sum + p * x[i], 0);
  return [mass, mean, p.reduce((sum, p, i) => sum + p * (x[i] - mean) ** 2, 0)];
}

for (const name of ALL_LIKELIHOODS) {
  Deno.test(`likelihood tells the name, outputs and support of ${name}, and its mean is the formula's`, () => {
    tf.tidy(() => {
      const { params, logVar } = modelOf(name), p = likelihood(params), outputs = outputsOf(params.config, name, 5);
      const unit = ["bernoulli", "continuous-bernoulli", "discretized-logistic"].includes(name);
      assertEquals([p.name, p.outputs], [name, likelihoodOutputs(name)]);
      assertEquals([...p.support], unit ? [0, 1] : [-3.4028234663852886e38, 3.4028234663852886e38]);
      const mean = p.mean(outputs);
      assertEquals(mean.shape, [5, 3]);
      valuesAt(outputs, p.outputs).forEach((o, i) =>
        assertAlmostEquals(floatsOf(mean)[i], moments(name, o, logVar)[1], 2e-6, `${name} of ${o}`)
      );
    });
  });

  Deno.test(`logProb of ${name} is float64's, and -log p is that of a distribution`, () => {
    tf.tidy(() => {
      const { params } = modelOf(name), x = examplesOf(params.config, 5), outputs = outputsOf(params.config, name, 5);
      const run = runOf(params.config, valuesOf(params), undefined), got = likelihood(params).logProb(outputs, x);
      assertEquals(got.shape, [5]);
      assert(relativeError(got.dataSync(), nll64(run, array64(outputs), array64(x)).map((v) => -v)) < 1e-6);
    });
    tf.tidy(() => {
      const { params, logVar } = modelOf(name, 1), P = likelihoodOutputs(name), o = P === 1 ? [0.4] : [0.4, -1];
      const { x, weight } = FORMULAS[name].points(o.map(Math.fround), logVar), n = x.length;
      const outputs = tf.tile(tf.tensor2d(o, [1, P]), [n, 1]) as tf.Tensor2D;
      const p = floatsOf(likelihood(params).logProb(outputs, tf.tensor2d(x, [n, 1])));
      assertAlmostEquals(p.reduce((sum, v, i) => sum + weight[i] * Math.exp(v), 0), 1, 2e-4);
    });
  });

  Deno.test(`samples of ${name} have its mean, variance and values, and follow the key`, () => {
    tf.tidy(() => {
      const { params, logVar } = modelOf(name), p = likelihood(params), n = 4000;
      const row = outputsOf(params.config, name, 1), outputs = tf.tile(row, [n, 1]) as tf.Tensor2D;
      const drawn = p.sample(outputs, { key: KEY }), values = floatsOf(drawn);
      valuesAt(row, p.outputs).forEach((o, d) => {
        const [, mean, variance] = moments(name, o, logVar), of = values.filter((_, i) => i % 3 === d);
        const got = of.reduce((a, b) => a + b) / n, spread = of.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
        assertAlmostEquals(got, mean, 4.5 * Math.sqrt(variance / n), `mean of ${name} at ${o}`);
        // The kurtosis of all of them is at most that of Laplace, 6.
        assertAlmostEquals(spread, variance, 4.5 * variance * Math.sqrt(5 / n), `variance of ${name} at ${o}`);
      });
      if (name === "bernoulli") assert(values.every((v) => v === 0 || v === 1));
      if (name === "discretized-logistic") assert(values.every((v) => v === Math.fround(Math.round(v * 255) / 255)));
      assertEquals(p.logProb(outputs, drawn).shape, [n]);
      assertEquals(bitsOf(p.sample(outputs, { key: KEY })), bitsOf(drawn));
      assertNotEquals(bitsOf(p.sample(outputs, { key: key(9) })), bitsOf(drawn));
    });
  });

  Deno.test(`reconstruct, generate and elbo of ${name} are made of decode and likelihood`, () => {
    for (const config of [{ input: 7, latent: 2, hidden: [5] }, ARCHITECTURES["everything"]]) {
      tf.tidy(() => {
        const { params } = familyOf({ ...config, likelihood: name, variance: VARIANCE }, 6),
          p = likelihood(params),
          B = 5;
        const x = examplesOf(params.config, B), labels = labelsFor(params.config, B), options = { key: KEY, labels };
        const posterior = encode(params, x, { labels }), z = sample(posterior, { key: KEY });
        const mean = (z: tf.Tensor2D) => bitsOf(p.mean(decode(params, z, { labels })));
        assertEquals(bitsOf(reconstruct(params, x, { labels })), mean(posterior.mean));
        assertEquals(bitsOf(reconstruct(params, x, options)), mean(z));
        const prior = random.normal(KEY, [B, params.config.latent]) as tf.Tensor2D;
        assertEquals(bitsOf(generate(params, { n: B, ...options })), mean(prior));
        const reconstruction = tf.neg(perExampleLoss(params, x, { ...options, beta: 0 }));
        assert(relativeError(floatsOf(reconstruction), floatsOf(p.logProb(decode(params, z, { labels }), x))) < 1e-6);
      });
    }
  });
}

Deno.test("one label for all is as many of it, and any list of integers will do", () => {
  for (const what of ["one-hot labels", "embedded labels", "everything"]) {
    tf.tidy(() => {
      const { params } = familyOf(ARCHITECTURES[what], 6), x = examplesOf(params.config, 4), options = { key: KEY };
      const all = (labels: number | ArrayLike<number>) =>
        bitsOf([
          ...[encode(params, x, { labels }), reconstruct(params, x, { labels })],
          ...[generate(params, { n: 4, ...options, labels }), elbo(params, x, { ...options, labels })],
        ]);
      const one = all(1);
      for (const list of [[1, 1, 1, 1], Uint8Array.of(1, 1, 1, 1), Float64Array.of(1, 1, 1, 1)]) {
        assertEquals(all(list), one);
      }
      for (const [i, bits] of all([0, 2, 0, 2]).entries()) assertNotEquals(bits, one[i]);
      // An example is that of its own label, whatever the others are.
      const [mixed, zero] = [[0, 1, 2, 1], 0].map((labels) => floatsOf(generate(params, { n: 4, ...options, labels })));
      const D = params.config.input;
      assert(relativeError(mixed.slice(0, D), zero.slice(0, D)) < 1e-6);
      assert(relativeError(mixed.slice(D, 2 * D), zero.slice(D, 2 * D)) > 1e-4);
    });
  }
});

Deno.test("the likelihood of gaussian-global goes by the variance that the parameters have", () => {
  tf.tidy(() => {
    const { params } = modelOf("gaussian-global"), x = examplesOf(params.config, 5);
    const outputs = outputsOf(params.config, "gaussian-global", 5);
    for (const logVar of [-3, 0, 2]) {
      const set = replaced(params, (_, name) => name === "decoder.logVar" ? tf.tensor1d([logVar]) : undefined);
      const run = runOf(set.config, valuesOf(set), undefined), p = likelihood(set);
      assert(
        relativeError(p.logProb(outputs, x).dataSync(), nll64(run, array64(outputs), array64(x)).map((v) => -v)) < 1e-6,
      );
      const drawn = tf.sub(p.sample(outputs, { key: KEY }), outputs), noise = random.normal(KEY, [5, 3]);
      assert(relativeError(floatsOf(drawn), floatsOf(tf.mul(noise, Math.exp(logVar / 2)))) < 1e-5);
    }
  });
});
