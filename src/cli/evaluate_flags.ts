import type { Binarize } from "../evaluate.ts";
import { Command, type Flags, integer, Option, parseFlags, renamed, text } from "./flags.ts";

/** The flags of `deno task evaluate`; what is missing is as the model was trained. */
export type EvaluateFlags = {
  readonly model: string;
  readonly data?: string | undefined;
  readonly split: "test" | "train";
  readonly samples?: number | undefined;
  readonly binarize?: Binarize | undefined;
  readonly batchSize: number;
  readonly seed: number;
  readonly limit?: number | undefined;
  readonly threads?: number | undefined;
  readonly json?: boolean | undefined;
};

const AFTER = `
Measures are means over the images, in nats, each with its standard error: the
ELBO by one sample of z an image; with --samples K also -log p(x), sampled by
importance with K samples, an upper bound that falls as K grows (papers use
5000). A unit of the code is active if Var E[z|x] > 0.01. Where the model keeps
an average of its parameters, the average is measured.

Under the likelihood "bernoulli" only binary pixels have a log-likelihood; the
figures of gray ones, --binarize none, are cross-entropies.

  deno task evaluate --model runs/NAME/model.safetensors --samples 5000`;

/**
 * Parses the command line of `deno task evaluate`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function evaluateFlags(args: readonly string[]): Flags<EvaluateFlags> | undefined {
  const option = (flags: string, description: string, parse: (text: string) => unknown) =>
    new Option(flags, description).argParser(parse);
  const command = new Command("deno task evaluate")
    .description("Measure a trained model: ELBO, log-likelihood, KL by dimension, active units.")
    .addOption(option("--model <file>", "a model.safetensors", text).makeOptionMandatory())
    .addOption(option("--data <data>", "mnist, a folder, or one IDX file (default: as trained)", text))
    .addOption(new Option("--split <name>", "which images").choices(["test", "train"]).default("test"))
    .addOption(option("--samples <k>", "samples of z an image, to measure -log p(x)", integer(1)))
    .addOption(
      new Option("--binarize <how>", "pixels as they are, or drawn once as 0 or 1 (default: as trained)")
        .choices(["none", "dynamic"]),
    )
    .addOption(option("--batch-size <n>", "images at a time", integer(1)).default(100))
    .addOption(renamed("--batch <n>", "--batch-size"))
    .addOption(option("--seed <n>", "what the randomness comes from", integer(0)).default(0))
    .addOption(option("--limit <n>", "the first n images only", integer(1)))
    .addOption(option("--threads <n>", "threads that compute (default: all cores)", integer(1, 254)))
    .addOption(new Option("--json", "one JSON object instead of a table"))
    .addHelpText("after", AFTER);
  return parseFlags<EvaluateFlags>(command, args);
}
