import { type Activation, ACTIVATIONS } from "../kernels/dense.ts";
import { type LikelihoodName, LIKELIHOODS } from "./likelihood.ts";

/** A stack of hidden layers: their widths from the input on, and the activation that follows each. */
export type Hidden = { readonly hidden: readonly number[]; readonly activation: Activation };

/** A model's architecture, complete. D = input, Z = latent. */
export type Config = {
  /** D: width of an example. */
  readonly input: number;
  /** Z: width of the latent code. */
  readonly latent: number;
  readonly likelihood: LikelihoodName;
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
  readonly hidden?: readonly number[];
  /** Activation of the hidden layers: `"relu"` (default), `"tanh"`, `"sigmoid"`, `"elu"` or `"gelu"`. */
  readonly activation?: Activation;
  /** p(x | z): `"bernoulli"` (default). */
  readonly likelihood?: LikelihoodName;
  /** Settings of the encoder alone. */
  readonly encoder?: Partial<Hidden>;
  /** Settings of the decoder alone; `hidden` counts from the latent code on. */
  readonly decoder?: Partial<Hidden>;
};

const ACTION = "Cannot make a model";

/** JSON has no NaN and no Infinity. */
function show(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function checkWidth(name: string, width: unknown): number {
  if (!Number.isInteger(width) || (width as number) < 1) {
    throw new RangeError(`${ACTION}: expected ${name} to be a positive integer, got ${show(width)}`);
  }
  return width as number;
}

function checkName<T extends string>(name: string, value: T, names: readonly T[]): T {
  if (!names.includes(value)) {
    const wanted = names.map((n) => `"${n}"`).join(", ");
    throw new RangeError(`${ACTION}: expected ${name} to be one of ${wanted}, got ${JSON.stringify(value)}`);
  }
  return value;
}

function checkHidden(name: string, given: Partial<Hidden> = {}, defaults: Hidden): Hidden {
  const { hidden = defaults.hidden, activation = defaults.activation } = given;
  if (!Array.isArray(hidden)) {
    throw new TypeError(`${ACTION}: expected ${name}hidden to be an array of widths, got ${JSON.stringify(hidden)}`);
  }
  return Object.freeze({
    hidden: Object.freeze(hidden.map((width, i) => checkWidth(`${name}hidden[${i}]`, width))),
    activation: checkName(`${name}activation`, activation, ACTIVATIONS),
  });
}

/**
 * Completes and checks an architecture. The result is frozen, and given back to this function it stays the same.
 *
 * @param options What is wanted; only `input` and `latent` have no default.
 * @returns The complete configuration.
 * @throws {RangeError} If a width is not a positive integer or a name is not known.
 * @throws {TypeError} If `hidden` is not an array.
 */
export function resolveConfig(options: ConfigOptions): Config {
  const { hidden = [400], activation = "relu", likelihood = "bernoulli" } = options;
  const encoder = checkHidden("encoder.", options.encoder, { hidden, activation });
  const mirrored = { hidden: [...encoder.hidden].reverse(), activation: encoder.activation };
  return Object.freeze({
    input: checkWidth("input", options.input),
    latent: checkWidth("latent", options.latent),
    likelihood: checkName("likelihood", likelihood, Object.keys(LIKELIHOODS) as LikelihoodName[]),
    encoder,
    decoder: checkHidden("decoder.", options.decoder, mirrored),
  });
}
