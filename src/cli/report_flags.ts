import { Command, ending, type Flags, integer, Option, parseFlags, text } from "./flags.ts";

/** The flags of `deno task report`. */
export type ReportFlags = {
  readonly model: string;
  readonly data?: string | undefined;
  readonly out: string;
  readonly seed: number;
};

/**
 * Parses the command line of `deno task report`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function reportFlags(args: readonly string[]): Flags<ReportFlags> | undefined {
  const command = new Command("deno task report")
    .description(
      "Show what a model has learned, as one HTML file that loads nothing else. Curves come from the metrics.jsonl beside " +
        "the model.",
    )
    .addOption(new Option("--model <file>", "a model.safetensors").argParser(text).makeOptionMandatory())
    .addOption(
      new Option("--data <data>", "mnist, a folder or an IDX file (default: what the model was trained on)")
        .argParser(text),
    )
    .addOption(new Option("--out <file>", "where to write").argParser(ending(".html")).default("report.html"))
    .addOption(new Option("--seed <n>", "what the samples come from").argParser(integer(0)).default(0));
  return parseFlags<ReportFlags>(command, args);
}
