import { type Flags, parseFlags } from "./flags.ts";
import { inferenceCommand, type InferenceFlags } from "./inference_flags.ts";

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
export function exportFlags(args: readonly string[]): Flags<InferenceFlags> | undefined {
  const command = inferenceCommand("deno task export", "<file>")
    .description("Write a trained model without its training state, for inference.")
    .addHelpText("after", AFTER);
  return parseFlags<InferenceFlags>(command, args);
}
