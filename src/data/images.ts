/** Sets of grey images as bytes, and the two of them, train and test, that a dataset consists of. */
import { DataError } from "./data_error.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show, showText } from "../checks/show.ts";
import { foldIn, key } from "../random.ts";
import type { Idx } from "./idx.ts";

/** `count` grey images of one size, one byte a pixel from 0 (black) to 255 (white). */
export type Images = {
  /** `[count, height, width]`, row-major. */
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The class of each image, `[count]`, where it is known. */
  readonly labels?: Uint8Array | undefined;
};

const FIELDS: Names<Images> = { pixels: true, count: true, height: true, width: true, labels: true };

/**
 * Checks images that were put together by hand: floats and 16-bit numbers would turn into other bytes without a word.
 *
 * @param action What cannot be done otherwise.
 * @param images The images; labels may be any array of integers.
 * @returns The same images, with their labels as bytes.
 * @throws {TypeError} If a field is unknown or of the wrong type, or lengths do not fit the sizes.
 * @throws {RangeError} If a size is no positive integer, or a label no integer from 0 to 255.
 */
export function checkImages(action: string, images: Images): Images {
  if (images === undefined) throw new TypeError(`${action}: expected { pixels, count, height, width }, got none`);
  const { pixels, count, height, width, labels } = checkOptions(action, images, FIELDS, "images");
  for (const [name, size] of Object.entries({ count, height, width })) {
    if (Number.isSafeInteger(size) && size > 0) continue;
    throw new RangeError(`${action}: expected ${name} to be a positive integer, got ${show(size)}`);
  }
  if (!(pixels instanceof Uint8Array || (pixels as unknown) instanceof Uint8ClampedArray)) {
    throw new TypeError(
      `${action}: expected pixels to be bytes, a Uint8Array of values from 0 to 255, got ${show(pixels)}; ` +
        "other numbers are scaled to them, or given to step, encode and loss as float32 tensors",
    );
  }
  if (pixels.length !== count * height * width) {
    throw new TypeError(
      `${action}: expected ${count} x ${height} x ${width} bytes of pixels, got ${pixels.length}`,
    );
  }
  return labels === undefined ? images : { ...images, labels: checkLabels(action, labels, count) };
}

/** Labels as bytes, of any array that has an integer from 0 to 255 for each image. */
function checkLabels(action: string, labels: ArrayLike<number>, count: number): Uint8Array {
  if (typeof labels !== "object" || labels === null || typeof labels.length !== "number") {
    throw new TypeError(`${action}: expected labels to be an array of ${count} integers, got ${show(labels)}`);
  }
  if (labels.length !== count) throw new TypeError(`${action}: expected ${count} labels, got ${labels.length}`);
  for (let i = 0; i < count; i++) {
    const label = labels[i];
    if (Number.isInteger(label) && label! >= 0 && label! <= 255) continue;
    throw new RangeError(`${action}: expected labels to be integers from 0 to 255, got ${show(label)} at ${i}`);
  }
  return labels instanceof Uint8Array ? labels : Uint8Array.from(labels);
}

/** A dataset: images to train on, and images to evaluate with that were never trained on, of the same size. */
export type Split = {
  readonly train: Images;
  readonly test: Images;
  readonly name: string;
  /** There, and true, if the images were stored with rows and columns exchanged, as EMNIST's are, and were put upright. */
  readonly transposed?: true | undefined;
};

/**
 * Takes parsed IDX files for images and, if given, their labels.
 *
 * @param idx The images, of shape `[N, H, W]`, or `[N, D]` for vectors, which become images of height 1 and width D.
 * @param name What to call the images in error messages.
 * @param labels Their classes, of shape `[N]`.
 * @returns The images, whose pixels and labels are those of `idx` and `labels`: nothing is copied.
 * @throws {DataError} If the images have another number of dimensions or none of them any pixel, or if there are not
 * as many labels as images.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * const idx = { shape: [2, 1, 3], data: Uint8Array.of(0, 128, 255, 255, 128, 0) };
 * const images = toImages(idx, "gradients", { shape: [2], data: Uint8Array.of(0, 1) });
 * equal(images.count, 2);
 * equal(images.height * images.width, 3);
 * ```
 */
export function toImages(idx: Idx, name: string, labels?: Idx): Images {
  const shown = `[${idx.shape.join(", ")}]`;
  if (idx.shape.length !== 2 && idx.shape.length !== 3) {
    throw new DataError(`Cannot take ${showText(name)} for images: expected shape [N, H, W] or [N, D], got ${shown}`);
  }
  if (idx.shape.includes(0)) {
    throw new DataError(
      `Cannot take ${showText(name)} for images: expected at least one image of one pixel, got shape ${shown}`,
    );
  }
  const [count, height, width] = idx.shape.length === 3
    ? idx.shape as [number, number, number]
    : [idx.shape[0]!, 1, idx.shape[1]!];
  const images = { pixels: idx.data, count, height, width };
  if (labels === undefined) return images;
  if (labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataError(
      `Cannot label the images of ${showText(name)}: expected labels of shape [${count}], got [${
        labels.shape.join(", ")
      }]`,
    );
  }
  return { ...images, labels: labels.data };
}

/**
 * Takes the first images of a set.
 *
 * @param images The set, which stays as it is.
 * @param n How many to take, a positive integer; a number above the count takes them all.
 * @returns The first `n` images, as views of the same bytes.
 * @throws {RangeError} If `n` is not a positive integer.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * const images = { pixels: Uint8Array.of(1, 2, 3, 4, 5, 6), count: 3, height: 1, width: 2 };
 * deepEqual(take(images, 2), { pixels: Uint8Array.of(1, 2, 3, 4), count: 2, height: 1, width: 2 });
 * ```
 */
export function take(images: Images, n: number): Images {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`Cannot take the first images: expected a positive integer, got ${show(n)}`);
  }
  return slice(images, 0, Math.min(n, images.count));
}

/**
 * Which images are held out for testing: drawn at random, always the same ones, or those at the end, for series whose
 * images are not independent of their neighbours.
 */
export type HoldOut = "random" | "end";

/** The ways to hold images out. */
export const HOLD_OUT: readonly HoldOut[] = ["random", "end"];

/**
 * Makes a dataset of images that come without a test set: a tenth, rounded down but at least one image, is held out as the
 * test set, and the rest is the train set. No image is in both, and the same images always split alike.
 *
 * @param images The images, at least 2; each set keeps their order.
 * @param name The dataset's name.
 * @param how `"random"` (default): images i with the smallest `foldIn(key(0), i)`, so that sorted images, too, are tested
 * on all of their classes. `"end"`: the last ones.
 * @returns The train and the test set; with `"end"` as views of the same bytes, else as copies.
 * @throws {DataError} If there are fewer than 2 images.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * const { train, test } = holdOut({ pixels: new Uint8Array(25), count: 25, height: 1, width: 1 }, "dots");
 * equal(train.count, 23);
 * equal(test.count, 2);
 * ```
 */
export function holdOut(images: Images, name: string, how: HoldOut = "random"): Split {
  const { count } = images;
  if (count < 2) {
    throw new DataError(`Cannot split ${showText(name)} into train and test: expected at least 2 images, got ${count}`);
  }
  const held = Math.max(1, Math.floor(count / 10));
  if (how === "end") {
    return { train: slice(images, 0, count - held), test: slice(images, count - held, count), name };
  }
  const draws = Uint32Array.from({ length: count }, (_, i) => foldIn(key(0), i)[0]);
  const order = Uint32Array.from(draws, (_, i) => i).sort((a, b) => draws[a]! - draws[b]! || a - b);
  const inTest = new Uint8Array(count);
  for (const i of order.subarray(0, held)) inTest[i] = 1;
  return { train: pick(images, (i) => inTest[i] === 0), test: pick(images, (i) => inTest[i] === 1), name };
}

/** Copies of the images that are wanted, in their order. */
function pick(images: Images, wanted: (index: number) => boolean): Images {
  const { count, height, width, pixels, labels } = images, size = height * width;
  const indices = Array.from({ length: count }, (_, i) => i).filter(wanted),
    out = new Uint8Array(indices.length * size);
  indices.forEach((i, at) => out.set(pixels.subarray(i * size, (i + 1) * size), at * size));
  const part = { pixels: out, count: indices.length, height, width };
  return labels === undefined ? part : { ...part, labels: Uint8Array.from(indices, (i) => labels[i]!) };
}

/** The images from `start` to `end`, as views. */
function slice(images: Images, start: number, end: number): Images {
  const { height, width, labels } = images;
  const size = height * width;
  const part = { pixels: images.pixels.subarray(start * size, end * size), count: end - start, height, width };
  return labels === undefined ? part : { ...part, labels: labels.subarray(start, end) };
}
