import { load } from "../api/save.ts";
import { finalParams } from "../api/state.ts";
import { key } from "../random.ts";
import { type CheckpointFile, readCheckpoint, writeAtomically } from "./checkpoint_file.ts";
import { samplesPicture, type Size } from "./pictures.ts";
import type { SampleFlags } from "./sample_flags.ts";
import { print } from "./output.ts";

/**
 * Draws images from a model and writes them as one picture.
 *
 * @returns The exit code, 0.
 */
export async function sampling({ model, n, out, seed }: SampleFlags): Promise<number> {
  const file = await readCheckpoint(model), size = sizeOf(file), params = finalParams(load(file.bytes));
  await writeAtomically(out, samplesPicture(params, size, { n, key: key(seed), labels: file.saved?.labels }));
  print(`${out}: ${n} ${n === 1 ? "image" : "images"} of ${size.height} x ${size.width}`);
  return 0;
}

/** The size of the images that a model makes; where the file does not tell, a square if there is one, else a row. */
function sizeOf({ checkpoint: { config: { input } }, saved }: CheckpointFile): Size {
  if (saved && saved.height * saved.width === input) return { height: saved.height, width: saved.width };
  const side = Math.sqrt(input);
  return Number.isInteger(side) ? { height: side, width: side } : { height: 1, width: input };
}
