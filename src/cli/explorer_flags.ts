import { Command, type Flags, Option, parseFlags, text } from "./flags.ts";

/** The flags of `deno task explorer`. */
export type ExplorerFlags = {
  readonly model: string;
  readonly out: string;
  readonly float16: boolean;
};

const AFTER = `
The folder gets index.html, which loads nothing else, and model.safetensors, the
model without its training state. Any host of files will do. Opened from the
disk the page cannot load the model by itself: open it there with its button.`;

/**
 * Parses the command line of `deno task explorer`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function explorerFlags(args: readonly string[]): Flags<ExplorerFlags> | undefined {
  const command = new Command("deno task explorer")
    .description("Write a page to explore a trained model in the browser.")
    .addOption(new Option("--model <file>", "a model.safetensors").argParser(text).makeOptionMandatory())
    .addOption(new Option("--out <folder>", "where to write").argParser(text).makeOptionMandatory())
    .addOption(new Option("--float16", "kernels in half precision, half the download").default(false))
    .addHelpText("after", AFTER);
  return parseFlags<ExplorerFlags>(command, args);
}
