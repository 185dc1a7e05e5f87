/**
 * Datasets of the user's own: a folder with the four file names that MNIST made usual, or a single file of images.
 *
 * All of it needs `--allow-read` of the path given and of nothing else. Without it Deno asks, or throws
 * `Deno.errors.NotCapable`, which is left as it is since it names the flag.
 */
import { basename, dirname, join } from "node:path";
import { checkOptions, type Names } from "../checks/options.ts";
import { show, showText } from "../checks/show.ts";
import { DataError } from "./data_error.ts";
import { emnistIn, isEmnist, transposed } from "./emnist.ts";
import { readIdxFile, statOf } from "./idx_file.ts";
import { HOLD_OUT, type HoldOut, holdOut, type Images, type Split, toImages } from "./images.ts";

/** The spellings of a file's name, the likeliest first; a plain file is preferred to a compressed one. */
const SPELLINGS = ["-idx#-ubyte", ".idx#-ubyte", "-idx#-ubyte.gz", ".idx#-ubyte.gz"];

/** Options of {@linkcode loadImages}. */
export type LoadImagesOptions = {
  /**
   * Which tenth is held out for testing where there are no test images: drawn at random, always the same, or with `"end"`
   * the last one, for series. Default `"random"`.
   */
  readonly holdOut?: HoldOut | undefined;
};

const OPTIONS: Names<LoadImagesOptions> = { holdOut: true };

/**
 * Loads a dataset from a folder or from a single IDX file, whichever is found at the path.
 *
 * @param path A folder as {@linkcode loadFolder} reads it, or a file as {@linkcode loadFile} does; of a folder with several
 * sets of EMNIST, the folder and the set, such as `data/emnist-letters`.
 * @param options `holdOut`.
 * @returns The train and the test set.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `holdOut` is neither `"random"` nor `"end"`.
 * @throws {DataError} If there is nothing at the path, or nothing that can be used.
 *
 * @example
 * ```ts
 * import { loadImages } from "@elbo/elbo";
 * import { equal } from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeFile(file, Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6));
 * const { train, test } = await loadImages(file);
 * await Deno.remove(file);
 * equal(train.count, 1);
 * equal(test.width, 3);
 * ```
 */
export async function loadImages(path: string, options: LoadImagesOptions = {}): Promise<Split> {
  const action = "Cannot load images", { holdOut: how = "random" } = checkOptions(action, options, OPTIONS);
  if (typeof path !== "string") throw new TypeError(`${action}: expected a path, got ${show(path)}`);
  if (!HOLD_OUT.includes(how)) {
    throw new RangeError(`${action}: expected holdOut to be "random" or "end", got ${show(how)}`);
  }
  const info = await statOf(path);
  if (info === undefined) {
    const folder = dirname(path), set = basename(path);
    if (/^emnist-[a-z]+$/.test(set) && (await statOf(folder))?.isDirectory && await emnistIn(folder, set)) {
      return await loadFolder(folder, how, set);
    }
    throw new DataError(`Cannot load ${showText(path)}: expected a folder or an IDX file, got nothing there`);
  }
  return info.isDirectory ? await loadFolder(path, how) : await loadFile(path, how);
}

/**
 * Loads a dataset from a folder that holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
 * `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`. Each may be spelled with a dot (`train-images.idx3-ubyte`),
 * and each may be compressed and end in `.gz`. Labels are optional. Without test images a tenth of the train images is held
 * out, see {@linkcode holdOut}. EMNIST's names are read, too, such as `emnist-letters-train-images-idx3-ubyte`; its images,
 * which are stored with rows and columns exchanged, are put upright.
 *
 * @param path The folder; its last part becomes the dataset's name.
 * @param how Which tenth is held out.
 * @param set Which set of EMNIST is read, such as `emnist-letters`; it becomes the dataset's name.
 * @returns The train and the test set.
 * @throws {DataError} If there are no train images, labels without their images, a file that cannot be read, or test
 * images of another size than the train images.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8);
 * await Deno.writeFile(`${folder}/train-images-idx3-ubyte`, images);
 * await Deno.writeFile(`${folder}/t10k-images.idx3-ubyte`, images);
 * const { train, test } = await loadFolder(folder);
 * await Deno.remove(folder, { recursive: true });
 * deepEqual(train, { pixels: Uint8Array.of(9, 8), count: 1, height: 1, width: 2 });
 * deepEqual(test, train);
 * ```
 */
export async function loadFolder(path: string, how?: HoldOut, set?: string): Promise<Split> {
  const name = set ?? (basename(path) || path);
  const plain = set === undefined ? await readPart(path, "train") : undefined;
  const emnist = plain ? undefined : await emnistIn(path, set);
  const train = plain ?? (emnist === undefined ? undefined : await readPart(path, "train", emnist));
  if (train === undefined) {
    const wanted = spell("train-images", 3).slice(0, 2).join(" or ");
    throw new DataError(
      `Cannot load folder ${showText(path)}: expected ${wanted} in it, plain or with .gz, got neither`,
    );
  }
  const test = await readPart(path, "t10k", emnist);
  const note = emnist === undefined ? {} : { transposed: true as const };
  if (test === undefined) return { ...holdOut(train, name, how), ...note };
  if (test.height !== train.height || test.width !== train.width) {
    throw new DataError(
      `Cannot load folder ${
        showText(path)
      }: expected test images of ${train.height} x ${train.width} pixels as the train ` +
        `images are, got ${test.height} x ${test.width}`,
    );
  }
  return { train, test, name, ...note };
}

/**
 * Loads a dataset from a single IDX file of images, plain or compressed. A tenth is held out as the test set,
 * see {@linkcode holdOut}. A file with a name of EMNIST's holds images with rows and columns exchanged; they are put upright.
 *
 * @param path The file; its last part becomes the dataset's name.
 * @returns The train and the test set.
 * @throws {DataError} If the file cannot be read, is not an IDX file of images, or holds fewer than 2 images.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeFile(file, Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8, 9));
 * const { train, test } = await loadFile(file, "end");
 * await Deno.remove(file);
 * equal(train.count, 2);
 * equal(test.pixels[0], 9);
 * ```
 */
export async function loadFile(path: string, how?: HoldOut): Promise<Split> {
  const images = toImages(await readIdxFile(path), path), name = basename(path) || path;
  if (!isEmnist(path)) return holdOut(images, name, how);
  return { ...holdOut(transposed(images), name, how), transposed: true };
}

/** The images and labels of one half of a folder, or undefined if it has neither. */
async function readPart(folder: string, part: "train" | "t10k", emnist?: string): Promise<Images | undefined> {
  const stem = emnist === undefined ? part : `${emnist}-${part === "train" ? "train" : "test"}`;
  const images = await find(folder, `${stem}-images`, 3);
  const labels = await find(folder, `${stem}-labels`, 1);
  if (images !== undefined) {
    const classes = labels === undefined ? undefined : await readIdxFile(labels);
    const read = toImages(await readIdxFile(images), images, classes);
    return emnist === undefined ? read : transposed(read);
  }
  if (labels === undefined) return undefined;
  throw new DataError(
    `Cannot load folder ${showText(folder)}: expected ${part}-images-idx3-ubyte beside the labels, got only ${
      showText(basename(labels))
    }`,
  );
}

/** The path of the first spelling that is a file; unpacking tools make folders of the same names. */
async function find(folder: string, stem: string, dimensions: number): Promise<string | undefined> {
  for (const name of spell(stem, dimensions)) {
    const path = join(folder, name);
    if ((await statOf(path))?.isFile) return path;
  }
  return undefined;
}

function spell(stem: string, dimensions: number): string[] {
  return SPELLINGS.map((spelling) => stem + spelling.replace("#", String(dimensions)));
}
