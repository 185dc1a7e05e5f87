import type { Config } from "./config.ts";

/** A dense layer's parameters: y = x kernel + bias, kernel [inputs, outputs], bias [outputs]. */
export type Dense<T> = { readonly kernel: T; readonly bias: T };

/** A VAE's parameters, or anything else that has one value for each: gradients, moments, shapes. */
export type Network<T> = {
  readonly encoder: {
    readonly hidden: readonly Dense<T>[];
    /** Posterior mean. */
    readonly mean: Dense<T>;
    /** Posterior log-variance. */
    readonly logVar: Dense<T>;
  };
  readonly decoder: {
    readonly hidden: readonly Dense<T>[];
    /** The likelihood's parameters. */
    readonly output: Dense<T>;
  };
};

/** A tensor's shape: [inputs, outputs] of a kernel, [outputs] of a bias. */
export type Shape = readonly [number] | readonly [number, number];

const layouts = new WeakMap<Config, Network<Shape>>();

/** The shapes of a model's parameters. */
export function layout(config: Config): Network<Shape> {
  const known = layouts.get(config);
  if (known) return known;
  const dense = (inputs: number, outputs: number): Dense<Shape> => ({ kernel: [inputs, outputs], bias: [outputs] });
  const stack = (widths: readonly number[]) => widths.slice(1).map((width, i) => dense(widths[i], width));
  const { input, latent, encoder, decoder } = config;
  const code = encoder.hidden.at(-1) ?? input;
  const made: Network<Shape> = {
    encoder: {
      hidden: stack([input, ...encoder.hidden]),
      mean: dense(code, latent),
      logVar: dense(code, latent),
    },
    decoder: {
      hidden: stack([latent, ...decoder.hidden]),
      output: dense(decoder.hidden.at(-1) ?? latent, input),
    },
  };
  layouts.set(config, made);
  return made;
}

/** Applies `f` to each value of a network, with its name, such as `encoder.hidden.0.kernel`; same structure out as in. */
export function mapNetwork<T, U>(network: Network<T>, f: (value: T, name: string) => U): Network<U> {
  const dense = (layer: Dense<T>, name: string): Dense<U> => ({
    kernel: f(layer.kernel, `${name}.kernel`),
    bias: f(layer.bias, `${name}.bias`),
  });
  const stack = (layers: readonly Dense<T>[], name: string) => layers.map((layer, i) => dense(layer, `${name}.${i}`));
  const { encoder, decoder } = network;
  return {
    encoder: {
      hidden: stack(encoder.hidden, "encoder.hidden"),
      mean: dense(encoder.mean, "encoder.mean"),
      logVar: dense(encoder.logVar, "encoder.logVar"),
    },
    decoder: {
      hidden: stack(decoder.hidden, "decoder.hidden"),
      output: dense(decoder.output, "decoder.output"),
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
