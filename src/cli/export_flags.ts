import { Command, type Flags, Option, parseFlags, text } from "./flags.ts";

/** The flags of `deno task export`. */
export type ExportFlags = {
  readonly model: string;
  readonly out: string;
  readonly float16: boolean;
  readonly data?: string;
};

const AFTER = `
The file has the parameters, averaged ones if the model keeps them, and nothing
that only training needs: a third of the size, or a sixth with --float16. The
edge module loads it; training cannot go on from it.`;

/**
 * Parses the command line of `deno task export`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function exportFlags(args: readonly string[]): Flags<ExportFlags> | undefined {
  const command = new Command("deno task export")
    .description("Write a trained model without its training state, for inference.")
    .addOption(new Option("--model <file>", "a model.safetensors").argParser(text).makeOptionMandatory())
    .addOption(new Option("--out <file>", "where to write").argParser(text).makeOptionMandatory())
    .addOption(new Option("--float16", "kernels in half precision").default(false))
    .addOption(
      new Option(
        "--data <data>",
        "print the ELBO, before and after, on the test images of: mnist, a folder or an IDX file " +
          "(with --float16, default: what the model was trained on)",
      )
        .argParser(text),
    )
    .addHelpText("after", AFTER);
  return parseFlags<ExportFlags>(command, args);
}
