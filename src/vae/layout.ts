import type { BatchNorm } from "../layers/batch_norm.ts";
import type { Config } from "./config.ts";
import { LIKELIHOODS } from "./likelihood.ts";
import { conditionWidth, geometry } from "./geometry.ts";

/** A dense layer's parameters: y = x kernel + bias, kernel [inputs, outputs], bias [outputs]. */
export type Dense<T> = { readonly kernel: T; readonly bias: T };

/**
 * A hidden layer's parameters: dense, or a convolution with kernel [4, 4, channels in, channels out] (transposed: [4, 4,
 * channels out, channels in]) and bias [channels out]; and its batch normalization, if there is one.
 */
export type Layer<T> = Dense<T> & { readonly norm?: BatchNorm<T> | undefined };

/** A VAE's parameters, or anything else that has one value for each: gradients, moments, shapes. */
export type Network<T> = {
  readonly encoder: {
    /** Convolutions, before the dense layers. */
    readonly conv?: readonly Layer<T>[] | undefined;
    readonly hidden: readonly Layer<T>[];
    /** Posterior mean. */
    readonly mean: Dense<T>;
    /** Posterior log-variance. */
    readonly logVar: Dense<T>;
    /** [classes, embedding]: of labels that are not one-hot. */
    readonly embedding?: T | undefined;
  };
  readonly decoder: {
    readonly hidden: readonly Layer<T>[];
    /** Transposed convolutions, after the dense layers; the last one is the output. */
    readonly conv?: readonly Layer<T>[] | undefined;
    /** The likelihood's parameters. */
    readonly output: Dense<T>;
    readonly embedding?: T | undefined;
    /** [1]: the log-variance of a likelihood that learns one for all values. */
    readonly logVar?: T | undefined;
  };
};

/** A tensor's shape: [inputs, outputs] of a dense kernel, [4, 4, channels, channels] of another, [outputs] of a bias. */
export type Shape = readonly number[];

/** What a parameter is before training. */
export type Parameter = {
  readonly shape: Shape;
  /** Uniform on ±1 / sqrt(fanIn), standard normal, or a number. */
  readonly start: { readonly fanIn: number } | "normal" | number;
};

const layouts = new WeakMap<Config, Network<Parameter>>();

/** The shapes of a model's parameters, and where they start. */
export function layout(config: Config): Network<Parameter> {
  const known = layouts.get(config);
  if (known) return known;
  const { encoder, decoder, latent, classes, embedding, likelihood } = config, E = conditionWidth(config);
  const { down, up, flat, seed } = geometry(config);
  const embedded = embedding > 0 && { embedding: { shape: [classes, embedding], start: "normal" } as const };
  const code = encoder.hidden.at(-1) ?? flat + E;
  const widths = up.length > 0 ? [...decoder.hidden, seed] : decoder.hidden;
  const features = widths.at(-1) ?? latent + E, last = up.at(-1);
  const made: Network<Parameter> = {
    encoder: {
      ...down.length > 0 && {
        conv: down.map(({ channels, out }) => withNorm(conv(channels, out, 16 * channels), encoder.batchNorm)),
      },
      hidden: stack([flat + E, ...encoder.hidden], encoder.batchNorm),
      mean: dense(code, latent),
      logVar: dense(code, latent),
      ...embedded,
    },
    decoder: {
      hidden: stack([latent + E, ...widths], decoder.batchNorm),
      ...up.length > 1 && {
        conv: up.slice(0, -1).map((layer) => withNorm(transposed(layer.channels, layer.from), decoder.batchNorm)),
      },
      output: last
        ? transposed(last.channels, last.from)
        : dense(features, config.input * LIKELIHOODS[likelihood].outputs),
      ...embedded,
      ...LIKELIHOODS[likelihood].logVar === "learned" && { logVar: { shape: [1], start: 0 } },
    },
  };
  layouts.set(config, made);
  return made;
}

function dense(inputs: number, outputs: number): Dense<Parameter> {
  const start = { fanIn: inputs };
  return { kernel: { shape: [inputs, outputs], start }, bias: { shape: [outputs], start } };
}

function stack(widths: readonly number[], batchNorm: boolean): Layer<Parameter>[] {
  return widths.slice(1).map((width, i) => withNorm(dense(widths[i]!, width), batchNorm));
}

function conv(inputs: number, outputs: number, fanIn: number): Dense<Parameter> {
  const start = { fanIn };
  return { kernel: { shape: [4, 4, inputs, outputs], start }, bias: { shape: [outputs], start } };
}

/** Each output of a transposed convolution of stride 2 sees a quarter of the 16 places of its kernel. */
function transposed(outputs: number, inputs: number): Dense<Parameter> {
  const start = { fanIn: 4 * inputs };
  return { kernel: { shape: [4, 4, outputs, inputs], start }, bias: { shape: [outputs], start } };
}

function withNorm(layer: Dense<Parameter>, batchNorm: boolean): Layer<Parameter> {
  if (!batchNorm) return layer;
  const { shape } = layer.bias, each = (start: number): Parameter => ({ shape, start });
  return { ...layer, norm: { scale: each(1), offset: each(0), mean: each(0), variance: each(1) } };
}

/** Applies `f` to each value of a network, with its name, such as `encoder.hidden.0.kernel`; same structure out as in. */
export function mapNetwork<T, U>(network: Network<T>, f: (value: T, name: string) => U): Network<U> {
  const dense = (layer: Dense<T>, name: string): Dense<U> => ({
    kernel: f(layer.kernel, `${name}.kernel`),
    bias: f(layer.bias, `${name}.bias`),
  });
  const norm = (values: BatchNorm<T>, name: string): BatchNorm<U> => ({
    scale: f(values.scale, `${name}.scale`),
    offset: f(values.offset, `${name}.offset`),
    mean: f(values.mean, `${name}.mean`),
    variance: f(values.variance, `${name}.variance`),
  });
  const stack = (layers: readonly Layer<T>[], name: string): Layer<U>[] =>
    layers.map((layer, i) => ({
      ...dense(layer, `${name}.${i}`),
      ...layer.norm && { norm: norm(layer.norm, `${name}.${i}.norm`) },
    }));
  const { encoder, decoder } = network;
  return {
    encoder: {
      ...encoder.conv && { conv: stack(encoder.conv, "encoder.conv") },
      hidden: stack(encoder.hidden, "encoder.hidden"),
      mean: dense(encoder.mean, "encoder.mean"),
      logVar: dense(encoder.logVar, "encoder.logVar"),
      ...encoder.embedding !== undefined && { embedding: f(encoder.embedding, "encoder.embedding") },
    },
    decoder: {
      hidden: stack(decoder.hidden, "decoder.hidden"),
      ...decoder.conv && { conv: stack(decoder.conv, "decoder.conv") },
      output: dense(decoder.output, "decoder.output"),
      ...decoder.embedding !== undefined && { embedding: f(decoder.embedding, "decoder.embedding") },
      ...decoder.logVar !== undefined && { logVar: f(decoder.logVar, "decoder.logVar") },
    },
  };
}

/** The values of a network in the order of {@linkcode mapNetwork}. */
export function leaves<T>(network: Network<T>): T[] {
  const values: T[] = [];
  mapNetwork(network, (value) => values.push(value));
  return values;
}

/** The names of a network's values in the order of {@linkcode mapNetwork}. */
export function names(network: Network<unknown>): string[] {
  const list: string[] = [];
  mapNetwork(network, (_, name) => list.push(name));
  return list;
}
