/** Models of every kind, trained for a few steps, so that statistics and log-variances are not those of the start. */
import {
  type ConfigOptions,
  foldIn,
  init,
  type InitOptions,
  key,
  type LikelihoodName,
  random,
  save,
  type State,
  step,
  tf,
} from "../../mod.ts";
import * as edge from "../../src/edge/mod.ts";

const LIKELIHOODS: LikelihoodName[] = [
  "bernoulli",
  "continuous-bernoulli",
  "gaussian",
  "gaussian-global",
  "gaussian-pixel",
  "squared-error",
  "laplace",
  "discretized-logistic",
];

const conv: ConfigOptions = { input: 7 * 9 * 2, image: [7, 9, 2], channels: [5, 3], hidden: [11], latent: 3 };

/** Configurations by what is special about them. */
export const CONFIGS: Readonly<Record<string, ConfigOptions>> = {
  linear: { input: 13, hidden: [], latent: 3 },
  dense: { input: 37, hidden: [21, 300], latent: 5, activation: "gelu" },
  "encoder and decoder of their own": {
    input: 10,
    latent: 4,
    encoder: { hidden: [9, 8], activation: "tanh", batchNorm: true },
    decoder: { hidden: [7], activation: "elu", batchNorm: false },
  },
  "the README's": { input: 784, hidden: [400], latent: 20 },
  "batch norm": { input: 19, hidden: [17, 6], latent: 2, batchNorm: true, activation: "sigmoid" },
  conv,
  "conv with batch norm": { ...conv, batchNorm: true, hidden: [] },
  "conv of two parameters a value": { ...conv, likelihood: "gaussian-pixel" },
  conditional: { input: 12, hidden: [9], latent: 3, classes: 4 },
  "conditional by embedding": { ...conv, classes: 3, embedding: 5 },
  ...Object.fromEntries(
    LIKELIHOODS.map((likelihood) => [likelihood, { input: 23, hidden: [14], latent: 3, likelihood }]),
  ),
};

/** A label for each of B examples. */
export function labelsOf(B: number, classes = 0): { labels?: number[] } {
  return classes > 0 ? { labels: Array.from({ length: B }, (_, i) => (i * 7 + 1) % classes) } : {};
}

/** A state after three steps. */
export function trained(config: ConfigOptions, optimizer: InitOptions["optimizer"] = { learningRate: 0.01 }): State {
  return tf.tidy(() => {
    let state: State = init(config, { key: key(0), optimizer });
    for (let i = 0; i < 3; i++) {
      const x = random.uniform(foldIn(key(1), i), [12, config.input]);
      [state] = step(state, x, { key: foldIn(key(2), i), ...labelsOf(12, config.classes) });
    }
    return state;
  });
}

/** The file of a small model. */
export function smallFile(config: ConfigOptions = { input: 6, hidden: [5], latent: 2 }): Uint8Array<ArrayBuffer> {
  return tf.tidy(() => save(trained(config)));
}

/** What a model generates: the same for equal parameters. */
export function drawn(model: edge.Model, { generate }: Pick<typeof edge, "generate"> = edge): Float32Array {
  return generate(model, { n: 3, key: key(1) }).data;
}

/** A file of this package. */
export function wasm(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(`../../wasm/bin/${name}.wasm`, import.meta.url));
}
