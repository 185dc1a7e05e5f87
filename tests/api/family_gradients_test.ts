/** Gradients of models of every kind, for every objective, against central differences of the same model in float64. */
import {
  type Activation,
  type ConfigOptions,
  gradients,
  key,
  loss,
  type LossOptions,
  type ObjectiveName,
  type Params,
  perExampleLoss,
  tf,
} from "../../mod.ts";
import { leaves, names } from "../../src/vae/layout.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { ALL_LIKELIHOODS, ARCHITECTURES, examplesOf, familyOf, labelsFor, noiseOf } from "./family.ts";
import { type Asked, dregSurrogate, meanOf, terms64 } from "./family_objectives.ts";
import { valuesOf } from "./family_reference.ts";
import { array64 } from "./reference.ts";

/** Largest error of a gradient tensor: so much of its own norm, and for terms that cancel so much of all tensors'. */
const OWN = 3e-6, ALL = 1e-6;

/** Elements of a tensor that are looked at. */
const MOST = 40;

/** The slopes of `f` by about MOST of the values, with where they are. */
function slopes(values: Float64Array, f: () => number, h = 1e-5): { at: number[]; slopes: number[] } {
  const stride = values.length > MOST ? Math.ceil(values.length / MOST) | 1 : 1, at: number[] = [];
  for (let i = 0; i < values.length; i += stride) at.push(i);
  return {
    at,
    slopes: at.map((i) => {
      const value = values[i];
      values[i] = value + h;
      const above = f();
      values[i] = value - h;
      const below = f();
      values[i] = value;
      return (above - below) / (2 * h);
    }),
  };
}

/** Every leaf of the gradients is that of central differences; a running statistic's is how far it is off. */
function assertGradients(params: Params, B: number, options: LossOptions, skip = (_: string) => false): void {
  const { config } = params, { objective = "elbo", samples = 1, beta = 1, freeBits = 0 } = options;
  const x = examplesOf(config, B), labels = labelsFor(config, B), given = { ...options, labels };
  const [grads, metrics] = gradients(params, x, given), values = valuesOf(params), batch = { x: array64(x), labels };
  const noise = noiseOf(options.key, samples, B, config.latent, objective === "elbo");
  const eps = { rows: samples * B, cols: config.latent, values: noise };
  const asked: Asked = { objective, beta, freeBits, eps }, terms = () => terms64(config, values, batch, asked);
  const f = () => meanOf(terms().loss), { reconstruction, kl, statistics } = terms();
  const near = (got: number, wanted: number, what: string) =>
    assertAlmostEquals(got, wanted, 2e-6 * (1 + Math.abs(wanted)), `${what}: ${got}, wanted ${wanted}`);
  near(metrics.loss, f(), "loss");
  near(metrics.reconstruction, meanOf(reconstruction), "reconstruction");
  near(metrics.kl, meanOf(kl), "kl");
  const each = perExampleLoss(params, x, { ...given, training: true }).dataSync();
  near(meanOf(Float64Array.from(each)), metrics.loss, "perExampleLoss");
  assertEquals(loss(params, x, { ...given, training: true }), metrics);
  const surrogate = objective === "dreg" ? dregSurrogate(config, values, batch, asked) : f;
  const tensors = leaves(grads).map((t) => t.dataSync());
  assertEquals(names(grads), [...values.keys()]);
  const wanted = names(grads).map((name, i) => {
    assertEquals(tensors[i].length, values.get(name)!.length, name);
    return slopes(values.get(name)!, name.startsWith("encoder") ? surrogate : f);
  });
  const whole = Math.hypot(...wanted.flatMap(({ slopes }) => slopes));
  names(grads).forEach((name, i) => {
    const statistic = statistics.get(name), running = values.get(name)!;
    if (statistic) {
      statistic.forEach((value, c) => assertAlmostEquals(tensors[i][c], running[c] - value, 3e-6, name));
    } else if (!skip(name)) {
      const { at, slopes } = wanted[i], size = Math.hypot(...slopes);
      const error = Math.hypot(...at.map((place, j) => tensors[i][place] - slopes[j]));
      assert(error <= OWN * size + ALL * whole, `${name}: error ${error} where the gradient's norm is ${size}`);
    }
  });
}

const KEY = key(21);

const OBJECTIVES: [ObjectiveName, Omit<LossOptions, "key">[]][] = [
  ["elbo", [{}, { beta: 0.3 }, { freeBits: 0.2, beta: 2 }]],
  ["iwae", [{ samples: 3 }, { samples: 3, beta: 0.5 }]],
  ["dreg", [{ samples: 3 }]],
];

for (const [what, config] of Object.entries(ARCHITECTURES)) {
  for (const [objective, settings] of OBJECTIVES) {
    Deno.test(`gradients are those of central differences for ${objective} and ${what}`, () => {
      for (const options of settings) {
        tf.tidy(() => {
          const { params } = familyOf({ activation: "tanh", ...config }, 4);
          // Where a sample's weight depends on other samples, through the decoder's normalization, DReG has no formula.
          const skip = (name: string) =>
            objective === "dreg" && params.config.decoder.batchNorm && name.startsWith("encoder");
          assertGradients(params, 4, { key: KEY, objective, ...options }, skip);
        });
      }
    });
  }
}

/** A dense decoder, and one of convolutions, with everything else besides. */
const FOR_LIKELIHOODS: ConfigOptions[] = [
  { input: 7, latent: 2, hidden: [5] },
  ARCHITECTURES["everything"],
];

for (const likelihood of ALL_LIKELIHOODS) {
  Deno.test(`gradients are those of central differences for the likelihood ${likelihood}`, () => {
    for (const config of FOR_LIKELIHOODS) {
      for (const [objective, samples] of [["elbo", 1], ["iwae", 3], ["dreg", 3]] as const) {
        tf.tidy(() => {
          const { params } = familyOf({ activation: "tanh", ...config, likelihood, variance: 0.4 }, 5);
          const skip = (name: string) =>
            objective === "dreg" && config.batchNorm === true && name.startsWith("encoder");
          assertGradients(params, 3, { key: KEY, objective, samples }, skip);
        });
      }
    }
  });
}

for (const activation of ["relu", "sigmoid", "elu", "gelu", "leaky-relu", "silu"] satisfies Activation[]) {
  Deno.test(`gradients are those of central differences for convolutions and normalization with ${activation}`, () => {
    for (const batchNorm of [false, true]) {
      tf.tidy(() => {
        const config = { ...ARCHITECTURES["normalized convolutions"], activation, batchNorm };
        assertGradients(familyOf(config, 6).params, 5, { key: KEY });
      });
    }
  });
}

Deno.test("gradients are those of central differences for a batch of one, and of one class", () => {
  const labelled = { ...ARCHITECTURES["embedded labels"], classes: 1 };
  for (const config of [...Object.values(ARCHITECTURES), labelled]) {
    tf.tidy(() => {
      const { params } = familyOf({ activation: "elu", ...config }, 7), { encoder, decoder } = params.config;
      if (!encoder.batchNorm && !decoder.batchNorm) return assertGradients(params, 1, { key: KEY });
      const x = examplesOf(params.config, 1), labels = labelsFor(params.config, 1);
      const message = "expected at least two examples for batch normalization, which has no variance of one";
      assertThrows(
        () => gradients(params, x, { key: KEY, labels }),
        RangeError,
        `Cannot compute gradients: ${message}`,
      );
    });
  }
});
