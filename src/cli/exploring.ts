import { join } from "node:path";
import { explorer } from "../explorer/mod.ts";
import { writeAtomically } from "./checkpoint_file.ts";
import { effectOf } from "./export_effect.ts";
import { checkOther, readForInference } from "./inference_file.ts";
import type { InferenceFlags } from "./inference_flags.ts";
import { print } from "./output.ts";
import { UserError } from "./run.ts";
import { count } from "./table.ts";

/**
 * Writes the explorer's page and its model to a folder.
 *
 * @returns The exit code, 0.
 */
export async function exploring({ model, out, float16, data }: InferenceFlags): Promise<number> {
  const file = join(out, "model.safetensors"), page = join(out, "index.html");
  await checkOther(model, file);
  const made = await readForInference(model, float16), effect = await effectOf(made, model, float16, data);
  try {
    await Deno.mkdir(out, { recursive: true });
  } catch (error) {
    throw new UserError(`Cannot write to ${out}: ${(error as Error).message}`);
  }
  await writeAtomically(file, made.bytes);
  const text = new TextEncoder().encode(explorer);
  await writeAtomically(page, text);
  print(`${file}: ${made.summary}`);
  if (effect) print(effect);
  print(`${page}: ${count(text.length)} bytes`);
  return 0;
}
