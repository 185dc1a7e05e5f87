import { writeAtomically } from "./checkpoint_file.ts";
import { effectOf } from "./export_effect.ts";
import { checkOther, readForInference } from "./inference_file.ts";
import type { InferenceFlags } from "./inference_flags.ts";
import { print } from "./output.ts";

/**
 * Writes a model without its training state, and says what that does to it.
 *
 * @returns The exit code, 0.
 */
export async function exporting({ model, out, float16, data }: InferenceFlags): Promise<number> {
  await checkOther(model, out);
  const file = await readForInference(model, float16);
  // Before anything is written: a failure leaves no file that looks finished.
  const effect = await effectOf(file, model, float16, data);
  await writeAtomically(out, file.bytes);
  print(`${out}: ${file.summary}`);
  if (effect) print(effect);
  return 0;
}
