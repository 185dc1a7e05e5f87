import type { Config } from "./config.ts";
import { geometry } from "./geometry.ts";
import { type Dense, layout, type Parameter } from "./layout.ts";
import { LIKELIHOODS } from "./likelihood.ts";

/** Multiply-adds that an example takes. */
export type Work = {
  /** Of the encoder: from x to mean and log-variance. */
  readonly encode: number;
  /** Of the decoder: from z to the outputs. */
  readonly decode: number;
  /** Of the likelihood's mean, from the outputs. */
  readonly mean: number;
  /** Of the likelihood's log p(x | z), from the outputs. */
  readonly logProb: number;
};

/** Multiply-adds that take as long as one value of an activation, a normalization, a patch or a draw. */
const VALUE = 16;

/** The same of one output of a likelihood: an exponential or two, and a logarithm. */
const OUTPUT = 64;

/** The same of one value of the discretized logistic's mean: a sum over 256 levels. */
const LEVELS = 8192;

/**
 * Returns how much work a model is, from its configuration alone: the products of its layers, and what else they do, counted
 * in the multiply-adds that take as long. Without labels, whose work is small beside it.
 *
 * @param config A model's configuration.
 * @returns Multiply-adds per example.
 *
 * @example
 * ```ts
 * import { resolveConfig } from "./config.ts";
 * import { work } from "./work.ts";
 * import assert from "node:assert/strict";
 *
 * // 784 x 400 and 400 x 40 products, and 16 for each of 400 activations and 40 values of the posterior.
 * const { encode } = work(resolveConfig({ input: 784, hidden: [400], latent: 20 }));
 * assert.equal(encode, 784 * 400 + 400 * 40 + 16 * 440);
 * ```
 */
export function work(config: Config): Work {
  const { encoder, decoder } = layout(config), { down, up } = geometry(config);
  const convolutions = down.map(({ window }, i) => {
    const positions = window.outHeight * window.outWidth;
    return convolution(encoder.conv![i]!, positions, positions * encoder.conv![i]!.bias.shape[0]!);
  });
  const transposed = up.map(({ window }, i) => {
    const layer = decoder.conv?.[i] ?? decoder.output, { height, width, channels } = window;
    return convolution(layer, window.outHeight * window.outWidth, height * width * channels);
  });
  const outputs = config.input * LIKELIHOODS[config.likelihood].outputs;
  return {
    encode: sum([...convolutions, ...encoder.hidden.map(dense), dense(encoder.mean), dense(encoder.logVar)]),
    decode: sum([
      ...decoder.hidden.map(dense),
      ...transposed.length > 0 ? transposed : [dense(decoder.output)],
    ]),
    mean: (config.likelihood === "discretized-logistic" ? LEVELS : OUTPUT) * outputs,
    logProb: OUTPUT * outputs,
  };
}

function dense({ kernel: { shape: [inputs, outputs] } }: Dense<Parameter>): number {
  return inputs! * outputs! + VALUE * outputs!;
}

/**
 * Of a convolution or its adjoint: at each position of the smaller image the whole kernel, and a patch for each of the
 * channels of the larger one, which is 4 x 4.
 */
function convolution(
  { kernel: { shape: [height, width, larger, smaller] } }: Dense<Parameter>,
  positions: number,
  values: number,
): number {
  return positions * height! * width! * larger! * (smaller! + VALUE) + VALUE * values;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
