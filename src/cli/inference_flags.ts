import { Command, Option, text } from "./flags.ts";

/** The flags of commands that write a model for inference. */
export type InferenceFlags = {
  readonly model: string;
  readonly out: string;
  readonly float16: boolean;
  readonly data?: string | undefined;
};

/** A command that has them; `out` is what `--out` takes, such as `<file>`. */
export function inferenceCommand(name: string, out: string): Command {
  const data = "print the ELBO, before and after, on the test images of: mnist, a folder or an IDX file " +
    "(with --float16, default: what the model was trained on)";
  return new Command(name)
    .addOption(new Option("--model <file>", "a model.safetensors").argParser(text).makeOptionMandatory())
    .addOption(new Option(`--out ${out}`, "where to write").argParser(text).makeOptionMandatory())
    .addOption(new Option("--float16", "kernels in half precision").default(false))
    .addOption(new Option("--data <data>", data).argParser(text));
}
