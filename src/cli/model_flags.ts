/** The flags of `deno task train` that make the model, and the way from them to a configuration. */
import { type Activation, ACTIVATIONS } from "../kernels/activation.ts";
import type { Config, ConfigOptions } from "../vae/config.ts";
import { type LikelihoodName, LIKELIHOODS } from "../vae/likelihood.ts";
import { preset, PRESET_NAMES, type PresetName } from "../vae/preset.ts";
import { type Command, decimal, integer, Option, widths } from "./flags.ts";

/** Where batch normalization is. */
export type Normalized = "none" | "encoder" | "decoder" | "both";

const NORMALIZED: readonly Normalized[] = ["none", "encoder", "decoder", "both"];

/** What the flags of a model are; see their descriptions below. */
export type ModelFlags = {
  readonly hidden: readonly number[];
  readonly latent: number;
  readonly activation: Activation;
  readonly channels: readonly number[];
  readonly batchNorm: Normalized;
  readonly likelihood: LikelihoodName;
  readonly variance: number;
  readonly conditional?: boolean | undefined;
  readonly embedding: number;
};

/** Adds the flags of a model to a command. */
export function addModelFlags(command: Command): Command {
  const option = (flags: string, description: string, parse: (text: string) => unknown) =>
    new Option(flags, description).argParser(parse);
  return command
    .addOption(
      new Option("--preset <name>", "a model with its recipe; other flags change what they name").choices(PRESET_NAMES),
    )
    .addOption(
      option("--hidden <widths>", "hidden layers of the encoder, mirrored in the decoder", widths)
        .default([400], "400"),
    )
    .addOption(option("--latent <n>", "width of the latent code", integer(1)).default(20))
    .addOption(new Option("--activation <name>", "of the hidden layers").choices(ACTIVATIONS).default("relu"))
    .addOption(
      option("--channels <widths>", "4 x 4 convolutions of stride 2 before the hidden layers, such as 32,64", widths)
        .default([], "none"),
    )
    .addOption(new Option("--batch-norm <where>", "batch normalization").choices(NORMALIZED).default("none"))
    .addOption(
      new Option("--likelihood <name>", "p(x | z) of a pixel").choices(Object.keys(LIKELIHOODS)).default("bernoulli"),
    )
    .addOption(
      option("--variance <v>", "of gaussian and laplace likelihoods", decimal({ above: true })).default(1),
    )
    .addOption(new Option("--conditional", "give the images' labels to encoder and decoder"))
    .addOption(
      option("--embedding <n>", "width of a learned embedding of labels, 0 for one-hot", integer(0)).default(0),
    );
}

/** What a preset sets, as flags. */
export function presetFlags(
  name: PresetName,
): Partial<ModelFlags> & { batchSize: number; epochs: number; lr?: number } {
  const { config: { encoder, decoder, latent, likelihood }, optimizer, batchSize, epochs } = preset(name);
  return {
    ...{ batchSize, epochs, latent },
    ...optimizer.learningRate !== undefined && { lr: optimizer.learningRate },
    ...likelihood !== undefined && { likelihood },
    ...encoder?.hidden !== undefined && { hidden: encoder.hidden },
    ...encoder?.activation !== undefined && { activation: encoder.activation },
    batchNorm: where(encoder?.batchNorm, decoder?.batchNorm),
  };
}

function where(encoder = false, decoder = false): Normalized {
  return encoder ? decoder ? "both" : "encoder" : decoder ? "decoder" : "none";
}

/** The configuration that flags ask for, of images of so many pixels, with so many labels. */
export function configOf(
  flags: ModelFlags,
  image: { readonly height: number; readonly width: number },
  classes: number,
): ConfigOptions {
  const { hidden, latent, activation, channels, batchNorm, likelihood, variance, embedding } = flags;
  const { height, width } = image, both = batchNorm === "both";
  return {
    ...{ input: height * width, hidden, latent, activation, channels, likelihood, variance, classes, embedding },
    ...channels.length > 0 && { image: [height, width, 1] },
    encoder: { batchNorm: both || batchNorm === "encoder" },
    decoder: { batchNorm: both || batchNorm === "decoder" },
  };
}

/** The flags that ask for a configuration, to be held against those that are given. */
export function flagsOf(config: Config): ModelFlags {
  const { encoder, decoder, latent, likelihood, variance, classes, embedding } = config;
  return {
    ...{ hidden: encoder.hidden, latent, activation: encoder.activation, channels: encoder.channels },
    ...{ batchNorm: where(encoder.batchNorm, decoder.batchNorm), likelihood, variance, embedding },
    ...classes > 0 && { conditional: true },
  };
}
