/**
 * EMNIST (Cohen et al. 2017, letters and digits by hand): its files are named for the one of six sets that they hold, and
 * its images are stored with rows and columns exchanged.
 */
import { basename } from "node:path";
import { showText } from "../checks/show.ts";
import { DataError } from "./data_error.ts";
import type { Images } from "./images.ts";

/** The names of EMNIST's files, such as `emnist-letters-train-images-idx3-ubyte.gz`: the first part names the set. */
const FILE = /^(emnist-[a-z]+)-(train|test)-(images|labels)-idx[13]-ubyte(\.gz)?$/;

/** Whether a path is that of a file of EMNIST, by its name. */
export function isEmnist(path: string): boolean {
  return FILE.test(basename(path));
}

/**
 * Returns which of EMNIST's sets a folder holds; undefined if none.
 *
 * @param folder The folder.
 * @param wanted The set that is asked for, such as `emnist-letters`, where there may be several.
 * @throws {DataError} If there are several and none of them is asked for.
 */
export async function emnistIn(folder: string, wanted?: string): Promise<string | undefined> {
  const sets = new Set<string>();
  for await (const { name } of Deno.readDir(folder)) {
    const set = FILE.exec(name)?.[1];
    if (set !== undefined && (wanted === undefined || set === wanted)) sets.add(set);
  }
  const [set, ...others] = [...sets].sort();
  if (others.length === 0) return set;
  throw new DataError(
    `Cannot load folder ${showText(folder)}: expected one set of EMNIST, got ${[set, ...others].join(", ")}; ` +
      `name one of them, such as ${showText(folder)}/${set}`,
  );
}

/** Images whose rows are columns, as EMNIST stores them, put upright. */
export function transposed(images: Images): Images {
  const { pixels, count, height, width } = images, upright = new Uint8Array(pixels.length);
  for (let i = 0; i < count; i++) {
    const from = i * height * width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) upright[from + x * height + y] = pixels[from + y * width + x]!;
    }
  }
  return { ...images, pixels: upright, height: width, width: height };
}
