import { dataset } from "../api/batch.ts";
import { load } from "../api/save.ts";
import { finalParams } from "../api/state.ts";
import { encodeCsv } from "../data/csv.ts";
import { encodeNpy } from "../data/npy.ts";
import { latentCodes } from "../latent.ts";
import { pixels } from "../report/subject.ts";
import { readCheckpoint, writeAtomically } from "./checkpoint_file.ts";
import type { EmbedFlags } from "./embed_flags.ts";
import { imagesFor } from "./images.ts";
import { print } from "./output.ts";
import { count } from "./table.ts";

/**
 * Writes the posterior means of a dataset's images, and their labels.
 *
 * @returns The exit code, 0.
 */
export async function embedding({ model, data, split: which, out }: EmbedFlags): Promise<number> {
  const file = await readCheckpoint(model), split = await imagesFor(`Cannot embed with ${model}`, file, data);
  const { labels, count: N } = split[which], params = finalParams(load(file.bytes)), Z = params.config.latent;
  using images = dataset(split[which]);
  const { mean } = await latentCodes(params, images, pixels(file.saved?.binarize ?? "none"));
  const csv = out.toLowerCase().endsWith(".csv");
  const files: [path: string, bytes: Uint8Array, shape: string][] = csv
    ? [[out, new TextEncoder().encode(encodeCsv(mean, Z, labels)), `${count(N)} codes of ${Z}`]]
    : [[out, encodeNpy(mean, [N, Z]), `float32 [${N}, ${Z}]`]];
  if (labels && !csv) {
    files.push([out.replace(/\.npy$/i, ".labels$&"), encodeNpy(labels, [N]), `uint8 [${N}]`]);
  }
  for (const [path, bytes] of files) await writeAtomically(path, bytes);
  for (const [path, , shape] of files) print(`${path}: ${shape}`); // after both, since printing may fail
  return 0;
}
