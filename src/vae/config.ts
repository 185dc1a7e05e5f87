import { checkOptions, type Given, type Names, type Optional } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { type Activation, ACTIVATIONS } from "../kernels/activation.ts";
import { type LikelihoodName, LIKELIHOODS } from "./likelihood.ts";

/** A stack of hidden layers: their widths from the input on, and what follows each. */
export type Hidden = {
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /**
   * Channels of convolutions, from the input on: in the encoder before the dense layers, in the decoder transposed and
   * after them. Each has a kernel of 4 x 4 and stride 2, so it halves, or doubles, height and width.
   */
  readonly channels: readonly number[];
  /** Batch normalization after each activation. */
  readonly batchNorm: boolean;
};

/** Height, width and channels of an example that is an image; its values are in that order, row-major. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** A model's architecture, complete. D = input, Z = latent. */
export type Config = {
  /** D: width of an example. */
  readonly input: number;
  /** Z: width of the latent code. */
  readonly latent: number;
  readonly likelihood: LikelihoodName;
  /** The variance of likelihoods that do not learn it. */
  readonly variance: number;
  /** C: how many labels there are, of which each example has one; 0 where the model is not conditional. */
  readonly classes: number;
  /** E: width of a label's learned embedding; 0 where it is one-hot. */
  readonly embedding: number;
  /** The shape of an example, where there are convolutions. */
  readonly image?: ImageShape | undefined;
  readonly encoder: Hidden;
  readonly decoder: Hidden;
};

/** What {@linkcode resolveConfig} completes. */
export type ConfigOptions = {
  /** D: width of an example, at least 1. */
  readonly input: number;
  /** Z: width of the latent code, at least 1. */
  readonly latent: number;
  /** Widths of the encoder's hidden layers; the decoder has them in reverse. Default `[400]`; `[]` gives a linear model. */
  readonly hidden?: readonly number[] | undefined;
  /**
   * Activation of the hidden layers: `"relu"` (default), `"tanh"`, `"sigmoid"`, `"elu"`, `"gelu"`, `"leaky-relu"` (slope
   * 0.2) or `"silu"`.
   */
  readonly activation?: Activation | undefined;
  /** Channels of the encoder's convolutions; the decoder has them in reverse. Default none. */
  readonly channels?: readonly number[] | undefined;
  /** Batch normalization in encoder and decoder (Ioffe and Szegedy 2015). Default none. */
  readonly batchNorm?: boolean | undefined;
  /** p(x | z): `"bernoulli"` (default) or another of {@linkcode LikelihoodName}. */
  readonly likelihood?: LikelihoodName | undefined;
  /** The variance of `"gaussian"` and `"laplace"`, above 0; default 1. */
  readonly variance?: number | undefined;
  /** Conditional VAE (Sohn, Lee and Yan 2015): how many labels there are. Default 0: it has none. */
  readonly classes?: number | undefined;
  /** Width of a label's learned embedding; default 0: one-hot. */
  readonly embedding?: number | undefined;
  /** `[height, width, channels]` of an example; default a square of one channel. For convolutions only. */
  readonly image?: ImageShape | undefined;
  /** Settings of the encoder alone. */
  readonly encoder?: Optional<Hidden> | undefined;
  /** Settings of the decoder alone; `hidden` and `channels` count from the latent code on. */
  readonly decoder?: Optional<Hidden> | undefined;
};

const ACTION = "Cannot make a model";

const OPTIONS: Names<ConfigOptions> = {
  input: true,
  latent: true,
  hidden: true,
  activation: true,
  channels: true,
  batchNorm: true,
  likelihood: true,
  variance: true,
  classes: true,
  embedding: true,
  image: true,
  encoder: true,
  decoder: true,
};

const STACK: Names<Hidden> = { hidden: true, activation: true, channels: true, batchNorm: true };

function check(name: string, value: unknown, good: boolean, wanted: string): void {
  if (!good) throw new RangeError(`${ACTION}: expected ${name} to be ${wanted}, got ${show(value)}`);
}

function checkWidth(name: string, width: unknown, least: 0 | 1 = 1): number {
  const wanted = least === 1 ? "a positive integer" : "an integer of at least 0";
  check(name, width, Number.isInteger(width) && (width as number) >= least, wanted);
  return width as number;
}

function checkWidths(name: string, widths: readonly number[]): readonly number[] {
  if (!Array.isArray(widths)) {
    throw new TypeError(`${ACTION}: expected ${name} to be an array of widths, got ${show(widths)}`);
  }
  return Object.freeze(widths.map((width, i) => checkWidth(`${name}[${i}]`, width)));
}

function checkName<T extends string>(name: string, value: T, names: readonly T[]): T {
  check(name, value, names.includes(value), `one of ${names.map((n) => `"${n}"`).join(", ")}`);
  return value;
}

function checkHidden(stack: "encoder" | "decoder", given: Optional<Hidden> | undefined, defaults: Hidden): Hidden {
  const settings = defined(checkOptions(ACTION, given, STACK, stack)), name = `${stack}.`;
  const { hidden, activation, channels, batchNorm } = { ...defaults, ...settings };
  check(`${name}batchNorm`, batchNorm, typeof batchNorm === "boolean", "true or false");
  return Object.freeze({
    hidden: checkWidths(`${name}hidden`, hidden),
    activation: checkName(`${name}activation`, activation, ACTIVATIONS),
    channels: checkWidths(`${name}channels`, channels),
    batchNorm,
  });
}

/** Without the entries that are undefined, which would hide defaults. */
function defined<T extends object>(options: T): Partial<Given<T>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Given<T>>;
}

/** The shape of an example, which must fit its width, and be large enough to be halved so often. */
function checkImage(input: number, image: ImageShape | undefined, layers: number): ImageShape | undefined {
  if (layers === 0 && image === undefined) return undefined;
  const side = Math.sqrt(input), shape = image ?? [side, side, 1];
  const whole = Array.isArray(shape) && shape.length === 3 && shape.every((n) => Number.isInteger(n) && n > 0);
  if (!whole || shape[0] * shape[1] * shape[2] !== input) {
    throw new RangeError(
      `${ACTION}: expected image to be [height, width, channels] of ${input} values together, got ${
        image ? show(image) : "none, and that is no square"
      }`,
    );
  }
  const least = 2 ** layers;
  check(
    "image",
    shape,
    Math.min(shape[0], shape[1]) >= least,
    `at least ${least} x ${least}, to be halved ${layers} times`,
  );
  return Object.freeze([...shape]) as unknown as ImageShape;
}

/**
 * Completes and checks an architecture. The result is frozen, and given back to this function it stays the same.
 *
 * @param options What is wanted; only `input` and `latent` have no default.
 * @returns The complete configuration.
 * @throws {RangeError} If a width is not a positive integer, a name is not known or the image does not fit.
 * @throws {TypeError} If `hidden` or `channels` is not an array, or an option is unknown.
 */
export function resolveConfig(options: ConfigOptions): Config {
  checkOptions(ACTION, options, OPTIONS);
  const { activation = "relu", likelihood = "bernoulli", variance = 1, classes = 0, embedding = 0 } = options;
  const { hidden = [400], channels = [], batchNorm = false } = options;
  const encoder = checkHidden("encoder", options.encoder, { hidden, activation, channels, batchNorm });
  const decoder = checkHidden("decoder", options.decoder, {
    ...encoder,
    hidden: [...encoder.hidden].reverse(),
    channels: [...encoder.channels].reverse(),
    batchNorm,
  });
  const input = checkWidth("input", options.input);
  const image = checkImage(input, options.image, Math.max(encoder.channels.length, decoder.channels.length));
  const single = typeof variance === "number" ? Math.fround(variance) : NaN;
  check("variance", variance, single > 0 && single < Infinity, "a finite number above 0");
  check("embedding", embedding, embedding === 0 || classes > 0, "0 where there are no classes");
  return Object.freeze({
    input,
    latent: checkWidth("latent", options.latent),
    likelihood: checkName("likelihood", likelihood, Object.keys(LIKELIHOODS) as LikelihoodName[]),
    variance,
    classes: checkWidth("classes", classes, 0),
    embedding: checkWidth("embedding", embedding, 0),
    ...image && { image },
    encoder,
    decoder,
  });
}

/** Returns whether a model normalizes by the statistics of batches. */
export function hasBatchNorm({ encoder, decoder }: Config): boolean {
  return encoder.batchNorm || decoder.batchNorm;
}
