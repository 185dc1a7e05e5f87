import { type Flags, parseFlags } from "./flags.ts";
import { inferenceCommand, type InferenceFlags } from "./inference_flags.ts";

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
export function explorerFlags(args: readonly string[]): Flags<InferenceFlags> | undefined {
  const command = inferenceCommand("deno task explorer", "<folder>")
    .description("Write a page to explore a trained model in the browser.")
    .addHelpText("after", AFTER);
  return parseFlags<InferenceFlags>(command, args);
}
