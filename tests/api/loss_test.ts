/** The loss and its terms, against their definitions and a float64 reference of the whole model. */
import {
  type Activation,
  anomalyScore,
  decode,
  elbo,
  encode,
  gradients,
  key,
  loss,
  LossError,
  type Params,
  perExampleLoss,
  random,
  reconstruct,
  sample,
  type State,
  step,
  tf,
} from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, floatsOf, modelOf, withTensors } from "./model.ts";
import { array64, entries, map, type Reference, reference, relativeError } from "./reference.ts";

function referenceOf({ config, ...params }: Params, x: tf.Tensor2D, seed: number): Reference {
  const eps = random.normal(key(seed), [x.shape[0], config.latent]);
  return reference(config, map(params, array64), array64(x), array64(eps));
}

/** The parameters with some tensors filled with one value. */
function filled(params: Params, values: Record<string, number>): Params {
  return withTensors(params, (t, name) => name in values ? tf.fill(t.shape, values[name]) : t);
}

const MODELS: [D: number, hidden: number[], Z: number, B: number, activation: Activation][] = [
  [784, [400], 20, 61, "relu"],
  [784, [300, 97], 7, 61, "gelu"],
  [13, [], 1, 1, "relu"],
  [1, [1, 1], 3, 2, "elu"],
];

Deno.test("perExampleLoss is reconstruction + beta kl of the float64 reference, within 1e-6, and elbo its negative at beta 1", () => {
  for (const [D, hidden, Z, B, activation] of MODELS) {
    tf.tidy(() => {
      const { params } = modelOf({ input: D, hidden, latent: Z, activation }), x = batchOf(B, D);
      const { reconstruction, kl } = referenceOf(params, x, 5);
      for (const beta of [undefined, 0, 1, 4]) {
        const got = floatsOf(perExampleLoss(params, x, { key: key(5), beta }));
        if (beta === undefined) assertEquals(floatsOf(elbo(params, x, { key: key(5) })).map((v) => -v), got);
        assertEquals(got.length, B);
        got.forEach((value, i) => {
          const wanted = reconstruction[i] + (beta ?? 1) * kl[i];
          assertAlmostEquals(value, wanted, 1e-6 * Math.abs(wanted), `${D}, [${hidden}], ${Z}: example ${i}`);
        });
      }
    });
  }
});

Deno.test("encode, sample, decode and reconstruct are the steps of the float64 reference", () => {
  for (const [D, hidden, Z, B, activation] of MODELS) {
    tf.tidy(() => {
      const { params } = modelOf({ input: D, hidden, latent: Z, activation }), x = batchOf(B, D);
      const wanted = referenceOf(params, x, 5), posterior = encode(params, x), z = sample(posterior, { key: key(5) });
      const close = (t: tf.Tensor, values: Float64Array) => {
        const size = Math.hypot(...values), error = relativeError(floatsOf(t), values) * size;
        assert(error < 1e-6 * size + 1e-7 * Math.sqrt(values.length), `error ${error} where the norm is ${size}`);
      };
      close(posterior.mean, wanted.mean.values);
      close(posterior.logVar, wanted.logVar.values);
      close(z, wanted.z.values);
      close(decode(params, z), wanted.outputs.values);
      close(reconstruct(params, x, { key: key(5) }), wanted.outputs.values.map((l) => 1 / (1 + Math.exp(-l))));
      const code = reference(params.config, map(params, array64), array64(x), array64(tf.zeros([B, Z])));
      close(reconstruct(params, x), code.outputs.values.map((l) => 1 / (1 + Math.exp(-l))));
    });
  }
});

Deno.test("metrics are the means of perExampleLoss, from loss, gradients and step alike", () => {
  tf.tidy(() => {
    const state = modelOf({ input: 13, hidden: [5], latent: 2 }), { params } = state, x = batchOf(7, 13);
    const { reconstruction, kl } = referenceOf(params, x, 5), mean = (v: Float64Array) => v.reduce((a, b) => a + b) / 7;
    for (const beta of [0, 1, 4]) {
      const options = { key: key(5), beta }, metrics = loss(params, x, options);
      assertAlmostEquals(metrics.reconstruction, mean(reconstruction), 1e-6 * mean(reconstruction));
      assertAlmostEquals(metrics.kl, mean(kl), 1e-6 * mean(kl));
      assertEquals(metrics.loss, metrics.reconstruction + beta * metrics.kl);
      const each = floatsOf(perExampleLoss(params, x, options));
      assertAlmostEquals(mean(Float64Array.from(each)), metrics.loss, 1e-6 * metrics.loss);
      assertEquals(gradients(params, x, options)[1], metrics);
      assertEquals(step(state, x, options)[1], metrics);
      assertEquals(Object.keys(metrics), ["loss", "reconstruction", "kl"]);
    }
  });
});

Deno.test("kl of N(0, I) is 0, and of other Gaussians what the closed form says", () => {
  tf.tidy(() => {
    const x = batchOf(4, 6), Z = 5;
    for (const [mean, logVar] of [[0, 0], [1, 0], [0, 1], [-2, -3], [0, -30], [0, 20]]) {
      const params = filled(modelOf({ input: 6, hidden: [3], latent: Z }).params, {
        "encoder.mean.kernel": 0,
        "encoder.mean.bias": mean,
        "encoder.logVar.kernel": 0,
        "encoder.logVar.bias": logVar,
      });
      const wanted = Z * (mean ** 2 + Math.exp(logVar) - 1 - logVar) / 2;
      const { kl } = loss(params, x, { key: key(0) });
      if (mean === 0 && logVar === 0) assertEquals(kl, 0);
      else assertAlmostEquals(kl, wanted, 1e-6 * wanted);
    }
  });
});

Deno.test("extreme logits give a finite loss and finite gradients", () => {
  tf.tidy(() => {
    const D = 7, { params } = modelOf({ input: D, hidden: [3], latent: 2 });
    const zeros = tf.zeros<tf.Rank.R2>([3, D]), ones = tf.ones<tf.Rank.R2>([3, D]);
    for (const logit of [200, -200, 1e4, -1e4, 1e30, -1e30]) {
      const extreme = filled(params, {
        "decoder.output.kernel": 0,
        "decoder.output.bias": logit,
      });
      for (const [x, right] of [[ones, logit > 0], [zeros, logit < 0]] as const) {
        const { reconstruction } = loss(extreme, x, { key: key(0) });
        assertAlmostEquals(reconstruction, right ? 0 : Math.abs(logit) * D, right ? 1e-37 : 1e-6 * Math.abs(logit) * D);
        const [grads] = gradients(extreme, x, { key: key(0) });
        for (const [name, t] of entries(grads)) assert(floatsOf(t).every(Number.isFinite), name);
        const wanted = right ? 0 : Math.sign(logit);
        floatsOf(grads.decoder.output.bias).forEach((g) => assertAlmostEquals(g, wanted, 1e-6));
      }
      const mean = floatsOf(reconstruct(extreme, ones));
      assert(mean.every((p) => logit > 0 ? p === 1 : p >= 0 && p < 1e-37));
    }
  });
});

Deno.test("a loss that is not finite names its term, and the step", () => {
  const cases: [Record<string, number>, string][] = [
    [{ "decoder.output.bias": NaN }, "reconstruction term is NaN"],
    [{ "decoder.output.kernel": 0, "decoder.output.bias": -3e38 }, "reconstruction term is Infinity"],
    [{ "encoder.mean.bias": 1e30, "decoder.output.kernel": 0, "decoder.hidden.0.kernel": 0 }, "kl term is Infinity"],
    [{ "encoder.hidden.0.bias": NaN }, "term is NaN"],
    [{ "encoder.logVar.bias": NaN }, "term is NaN"],
    [{ "decoder.hidden.0.kernel": NaN }, "reconstruction term is NaN"],
  ];
  for (const [values, message] of cases) {
    tf.tidy(() => {
      const state: State = { ...modelOf({ input: 9, hidden: [5], latent: 2 }), step: 41 };
      const x = tf.ones<tf.Rank.R2>([3, 9]), options = { key: key(0) };
      const broken = { ...state, params: filled(state.params, values) };
      const error = assertThrows(() => step(broken, x, options), LossError, message);
      assertEquals(error.name, "LossError");
      assertEquals(
        /^Cannot step: the (reconstruction|kl) term is (NaN|Infinity) at step 41; /.test(error.message),
        true,
      );
      const alone = assertThrows(() => loss(broken.params, x, options), LossError, message).message;
      assert(alone.startsWith("Cannot compute the loss: the ") && !alone.includes("step"), alone);
      assertThrows(() => gradients(broken.params, x, options), LossError, message);
      for (const each of [elbo, perExampleLoss, anomalyScore]) {
        const { message } = assertThrows(() => each(broken.params, x, options), LossError);
        assert(
          /^Cannot .* x: expected finite values, got (NaN|-?Infinity) for the example at 0$/.test(message),
          message,
        );
      }
    });
  }
});
