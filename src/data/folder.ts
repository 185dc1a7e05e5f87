/**
 * Datasets of the user's own: a folder with the four file names that MNIST made usual, or a single file of images.
 *
 * All of it needs `--allow-read` of the path given and of nothing else. Without it Deno asks, or throws
 * `Deno.errors.NotCapable`, which is left as it is since it names the flag.
 */
import { basename, join } from "node:path";
import { DataError } from "./data_error.ts";
import { decompress, type Idx, idxLength, readIdx } from "./idx.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show, showText } from "../checks/show.ts";
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
 * @param path A folder as {@linkcode loadFolder} reads it, or a file as {@linkcode loadFile} does.
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
  const info = await stat(path);
  if (info === undefined) {
    throw new DataError(`Cannot load ${path}: expected a folder or an IDX file, got nothing there`);
  }
  return info.isDirectory ? await loadFolder(path, how) : await loadFile(path, how);
}

/**
 * Loads a dataset from a folder that holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
 * `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`. Each may be spelled with a dot (`train-images.idx3-ubyte`),
 * and each may be compressed and end in `.gz`. Labels are optional. EMNIST's names are read, too, such as
 * `emnist-letters-train-images-idx3-ubyte`; its images, which are stored with rows and columns exchanged, are put upright. Without test images a tenth of the train
 * images is held out, see {@linkcode holdOut}.
 *
 * @param path The folder; its last part becomes the dataset's name.
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
export async function loadFolder(path: string, how?: HoldOut): Promise<Split> {
  const name = basename(path) || path;
  const plain = await readPart(path, "train"), emnist = plain ? undefined : await emnistIn(path);
  const train = plain ?? (emnist === undefined ? undefined : await readPart(path, "train", emnist));
  if (train === undefined) {
    const wanted = spell("train-images", 3).slice(0, 2).join(" or ");
    throw new DataError(`Cannot load folder ${path}: expected ${wanted} in it, plain or with .gz, got neither`);
  }
  const test = await readPart(path, "t10k", emnist);
  if (test === undefined) return holdOut(train, name, how);
  if (test.height !== train.height || test.width !== train.width) {
    throw new DataError(
      `Cannot load folder ${path}: expected test images of ${train.height} x ${train.width} pixels as the train ` +
        `images are, got ${test.height} x ${test.width}`,
    );
  }
  return { train, test, name };
}

/**
 * Loads a dataset from a single IDX file of images, plain or compressed. A tenth is held out as the test set,
 * see {@linkcode holdOut}.
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
  return holdOut(toImages(await readFile(path), path), basename(path) || path, how);
}

/** The images and labels of one half of a folder, or undefined if it has neither. */
async function readPart(folder: string, part: "train" | "t10k", emnist?: string): Promise<Images | undefined> {
  const stem = emnist === undefined ? part : `${emnist}-${part === "train" ? "train" : "test"}`;
  const images = await find(folder, `${stem}-images`, 3);
  const labels = await find(folder, `${stem}-labels`, 1);
  if (images !== undefined) {
    const read = toImages(await readFile(images), images, labels === undefined ? undefined : await readFile(labels));
    return emnist === undefined ? read : transposed(read);
  }
  if (labels === undefined) return undefined;
  throw new DataError(
    `Cannot load folder ${folder}: expected ${part}-images-idx3-ubyte beside the labels, got only ${basename(labels)}`,
  );
}

/** The path of the first spelling that is a file; unpacking tools make folders of the same names. */
async function find(folder: string, stem: string, dimensions: number): Promise<string | undefined> {
  for (const name of spell(stem, dimensions)) {
    const path = join(folder, name);
    if ((await stat(path))?.isFile) return path;
  }
  return undefined;
}

/** The names of EMNIST's files, such as `emnist-letters-train-images-idx3-ubyte.gz`: the first part names the set. */
const EMNIST = /^(emnist-[a-z]+)-(train|test)-(images|labels)-idx[13]-ubyte(\.gz)?$/;

/**
 * Which of EMNIST's sets a folder holds.
 *
 * @throws {DataError} If there are several, such as letters and digits: one of them has to be alone in its folder.
 */
async function emnistIn(folder: string): Promise<string | undefined> {
  const sets = new Set<string>();
  for await (const { name } of Deno.readDir(folder)) {
    const set = EMNIST.exec(name)?.[1];
    if (set !== undefined) sets.add(set);
  }
  const [set, ...others] = [...sets].sort();
  if (others.length === 0) return set;
  throw new DataError(
    `Cannot load folder ${showText(folder)}: expected one set of EMNIST, got ${[set, ...others].join(", ")}; ` +
      "put one of them into a folder of its own",
  );
}

/** Images whose rows are columns, as EMNIST stores them, put upright. */
function transposed(images: Images): Images {
  const { pixels, count, height, width } = images, upright = new Uint8Array(pixels.length);
  for (let i = 0; i < count; i++) {
    const from = i * height * width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) upright[from + x * height + y] = pixels[from + y * width + x]!;
    }
  }
  return { ...images, pixels: upright, height: width, width: height };
}

function spell(stem: string, dimensions: number): string[] {
  return SPELLINGS.map((spelling) => stem + spelling.replace("#", String(dimensions)));
}

async function readFile(path: string): Promise<Idx> {
  const info = await stat(path);
  if (info && !info.isFile && !info.isDirectory) {
    throw new DataError(
      `Cannot read ${showText(path)}: expected a regular file, got a device or a pipe, which may never end`,
    );
  }
  const bytes = await Deno.readFile(path).catch((error) => refuse(path, error));
  return readIdx(await decompress(bytes, path, { lengthOf: idxLength }), path);
}

/** What is at the path, or undefined if nothing is. */
async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? undefined : refuse(path, error);
  }
}

/** Throws what went wrong with a file as a mistake of the user's, except a permission that Deno was not given. */
function refuse(path: string, cause: unknown): never {
  if (!(cause instanceof Error) || cause instanceof Deno.errors.NotCapable) throw cause;
  throw new DataError(`Cannot read ${showText(path)}: expected a readable file, got "${showText(cause.message)}"`, {
    cause,
  });
}
