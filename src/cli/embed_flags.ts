import { Command, ending, type Flags, Option, parseFlags, text } from "./flags.ts";

/** The flags of `deno task embed`. */
export type EmbedFlags = {
  readonly model: string;
  readonly data?: string | undefined;
  readonly split: "train" | "test";
  readonly out: string;
};

const AFTER = `
A .npy file holds float32 [N, Z], and where the images have labels these go to a
second one beside it, uint8 [N]: codes.npy, codes.labels.npy. A .csv file has the
columns z0, z1, … and label.`;

/**
 * Parses the command line of `deno task embed`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function embedFlags(args: readonly string[]): Flags<EmbedFlags> | undefined {
  const command = new Command("deno task embed")
    .description("Write the code of every image, which is its posterior's mean, for other programs to read.")
    .addOption(new Option("--model <file>", "a model.safetensors").argParser(text).makeOptionMandatory())
    .addOption(
      new Option("--data <data>", "mnist, a folder or an IDX file (default: what the model was trained on)")
        .argParser(text),
    )
    .addOption(new Option("--split <name>", "which of its images").choices(["train", "test"]).default("test"))
    .addOption(new Option("--out <file>", "where to write").argParser(ending(".npy", ".csv")).default("codes.npy"))
    .addHelpText("after", AFTER);
  return parseFlags<EmbedFlags>(command, args);
}
