import { Command, ending, type Flags, integer, Option, parseFlags, text } from "./flags.ts";

/** The flags of `deno task sample`. */
export type SampleFlags = {
  readonly model: string;
  readonly n: number;
  readonly out: string;
  readonly seed: number;
};

/**
 * Parses the command line of `deno task sample`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function sampleFlags(args: readonly string[]): Flags<SampleFlags> | undefined {
  const command = new Command("deno task sample")
    .description("Draw images from a trained model, as a PNG file. The same seed draws the same images.")
    .addOption(new Option("--model <file>", "a model.safetensors").argParser(text).makeOptionMandatory())
    .addOption(new Option("--n <count>", "how many images").argParser(integer(1, 10_000)).default(64))
    .addOption(new Option("--out <file>", "where to write").argParser(ending(".png")).default("grid.png"))
    .addOption(new Option("--seed <n>", "what the randomness comes from").argParser(integer(0)).default(0));
  return parseFlags<SampleFlags>(command, args);
}
