/** The images that a command is about, and whether they are those that a model was made for. */
import { resolve } from "node:path";
import { showText } from "../checks/show.ts";
import { loadImages } from "../data/folder.ts";
import type { HoldOut, Images, Split } from "../data/images.ts";
import { loadMnist } from "../data/mnist.ts";
import type { CheckpointFile } from "./checkpoint_file.ts";
import { dataHash } from "./data_hash.ts";
import { warn } from "./output.ts";
import { UserError } from "./run.ts";

/** The train and test images of `--data`: `mnist`, a folder, or a file. */
export async function readImages(data: string, holdOut: HoldOut = "random"): Promise<Split> {
  if (data === "mnist") return await loadMnist();
  const split = await loadImages(data, { holdOut });
  if (split.transposed) warn(`${split.name}: images are stored with rows and columns exchanged, and were put upright`);
  return split;
}

/** Settings with the absolute path of their data, so that the model finds them from any folder. */
export function absolute<T extends { readonly data: string }>(settings: T): T {
  return settings.data === "mnist" ? settings : { ...settings, data: resolve(settings.data) };
}

/** Throws unless images have the size that a model was made for; `action` names the model and the images. */
export function checkSize(action: string, { checkpoint, saved }: CheckpointFile, { height, width }: Images): void {
  const { input } = checkpoint.config;
  if (saved ? saved.height === height && saved.width === width : height * width === input) return;
  const wanted = saved ? `${saved.height} x ${saved.width}` : `${input}`;
  throw new UserError(
    `${action}: expected images of ${wanted} pixels as the model was made for, got ${height} x ${width}`,
  );
}

/**
 * The images to show a model: those of `--data`, else those that it was trained on.
 *
 * @param action What cannot be done otherwise, with the name of the model's file.
 * @throws {UserError} If they are of another size than the model's.
 */
export async function imagesFor(action: string, file: CheckpointFile, data?: string): Promise<Split> {
  const { saved } = file, path = data ?? saved?.data ?? "mnist";
  if (data === undefined && saved) warn(`data: ${showText(path)}, as the model names them`);
  const split = await readImages(path, saved?.holdOut);
  if (data === undefined && saved?.dataHash !== undefined && saved.dataHash !== await dataHash(split)) {
    warn(`warning: ${showText(path)} has changed since the model was trained`);
  }
  checkSize(`${action} with the images of ${path}`, file, split.test);
  return split;
}
