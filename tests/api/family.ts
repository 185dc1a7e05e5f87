/** Models of every kind for the tests, with values that show in every result. */
import {
  type Config,
  type ConfigOptions,
  foldIn,
  init,
  type InitOptions,
  key,
  type LikelihoodName,
  random,
  type State,
  type Tensors,
  tf,
} from "../../mod.ts";
import { mapNetwork } from "../../src/vae/layout.ts";
import { LIKELIHOODS } from "../../src/vae/likelihood.ts";

/** The range of a parameter's value; biases and statistics as they start would be seen nowhere. */
function rangeOf(name: string): [low: number, high: number] | undefined {
  if (name.endsWith(".scale")) return [0.5, 1.5];
  if (name.endsWith(".variance")) return [0.5, 2];
  if (name === "decoder.logVar") return [-1, -0.5];
  return /\.(bias|offset|mean)$/.test(name) ? [-0.5, 0.5] : undefined;
}

/** A state as `init` makes it, but with biases, normalizations and statistics as after some training. */
export function familyOf(config: ConfigOptions, seed = 0, optimizer: InitOptions["optimizer"] = {}): State {
  return tf.tidy(() => {
    const state = init(config, { key: key(seed), optimizer });
    let i = 0;
    const tensors = mapNetwork<tf.Tensor, tf.Tensor>(state.params, (t, name) => {
      const range = rangeOf(name), own = foldIn(key(seed), i++);
      return range ? random.uniform(own, t.shape, { low: range[0], high: range[1] }) : t;
    });
    return { ...state, params: { config: state.params.config, ...tensors } };
  });
}

/** Examples for a likelihood: of any sign where it has them all, else in [0, 1]; at its levels for bins of them. */
export function examplesOf({ input, likelihood }: Config, B: number, seed = 1): tf.Tensor2D {
  const low = LIKELIHOODS[likelihood].support[0] < 0 ? -1 : 0;
  const x = random.uniform(key(seed), [B, input], { low, high: 1 }) as tf.Tensor2D;
  if (likelihood !== "discretized-logistic") return x;
  const levels = Float32Array.from(x.dataSync(), (v) => Math.floor(v * 256) / 255);
  x.dispose();
  return tf.tensor2d(levels, [B, input]);
}

/** Labels for a conditional model, all classes in turn; none for another. */
export function labelsFor({ classes }: Config, B: number): number[] | undefined {
  return classes === 0 ? undefined : Array.from({ length: B }, (_, b) => (b * 2 + 1) % classes);
}

/** The noise of k samples, sample s from foldIn(key, s); of the one sample of the ELBO from the key itself. */
export function noiseOf(k: ReturnType<typeof key>, samples: number, B: number, Z: number, elbo: boolean): Float64Array {
  return tf.tidy(() => {
    const each = Array.from({ length: samples }, (_, s) => random.normal(elbo ? k : foldIn(k, s), [B, Z]).dataSync());
    return Float64Array.from(each.flatMap((values) => [...values]));
  });
}

/** Parameters of a tree by name, replaced where `f` gives another. */
export function replaced<T extends Tensors>(tree: T, f: (t: tf.Tensor, name: string) => tf.Tensor | undefined): T {
  return { ...tree, ...mapNetwork<tf.Tensor, tf.Tensor>(tree, (t, name) => f(t, name) ?? t) };
}

export const ALL_LIKELIHOODS = Object.keys(LIKELIHOODS) as LikelihoodName[];

/** Architectures of every kind, small enough for central differences. */
export const ARCHITECTURES: Readonly<Record<string, ConfigOptions>> = {
  "one convolution, one channel": { input: 64, latent: 2, channels: [3], hidden: [5] },
  "two convolutions, three channels": { input: 72, image: [4, 6, 3], latent: 2, channels: [2, 3], hidden: [4] },
  "odd sizes": { input: 35, image: [7, 5, 1], latent: 3, channels: [3, 2], hidden: [] },
  "odd sizes and three channels": { input: 45, image: [3, 5, 3], latent: 2, channels: [4], hidden: [6] },
  "convolutions in the encoder alone": {
    input: 35,
    image: [7, 5, 1],
    latent: 2,
    hidden: [5],
    channels: [3],
    decoder: { channels: [] },
  },
  "convolutions in the decoder alone": {
    ...{ input: 24, image: [4, 6, 1], latent: 2, hidden: [5] },
    decoder: { hidden: [4], channels: [3, 2] },
  },
  "batch normalization": { input: 9, latent: 3, hidden: [6, 5], batchNorm: true },
  "batch normalization in the encoder": { input: 9, latent: 3, hidden: [6], encoder: { batchNorm: true }, decoder: {} },
  "batch normalization in the decoder": { input: 9, latent: 3, hidden: [6], decoder: { batchNorm: true } },
  "normalized convolutions": { input: 40, image: [5, 4, 2], latent: 2, channels: [3, 2], hidden: [4], batchNorm: true },
  "one-hot labels": { input: 9, latent: 3, hidden: [6], classes: 4 },
  "one-hot labels, no hidden layer": { input: 9, latent: 3, hidden: [], classes: 4 },
  "embedded labels": { input: 9, latent: 3, hidden: [6], classes: 4, embedding: 3 },
  "embedded labels, no hidden layer": { input: 9, latent: 3, hidden: [], classes: 4, embedding: 3 },
  "embedded labels, none hidden in the encoder": {
    input: 9,
    latent: 2,
    encoder: { hidden: [] },
    decoder: { hidden: [4] },
    classes: 3,
    embedding: 2,
  },
  "embedded labels, none hidden in the decoder": {
    input: 9,
    latent: 2,
    hidden: [5],
    decoder: { hidden: [] },
    classes: 3,
    embedding: 2,
  },
  "convolutions and one-hot labels": { input: 35, image: [7, 5, 1], latent: 2, channels: [3], hidden: [], classes: 3 },
  "everything": {
    ...{
      input: 48,
      image: [4, 6, 2],
      latent: 2,
      channels: [3, 2],
      hidden: [5],
      batchNorm: true,
      classes: 3,
      embedding: 2,
    },
  },
};
