/** Sets of grey images as bytes, and the two of them, train and test, that a dataset consists of. */
import { DataError } from "./data_error.ts";
import type { Idx } from "./idx.ts";

/** `count` grey images of one size, one byte a pixel from 0 (black) to 255 (white). */
export type Images = {
  /** `[count, height, width]`, row-major. */
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The class of each image, `[count]`, where it is known. */
  readonly labels?: Uint8Array;
};

/** A dataset: images to train on, and images to evaluate with that were never trained on, of the same size. */
export type Split = {
  readonly train: Images;
  readonly test: Images;
  readonly name: string;
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
    throw new DataError(`Cannot take ${name} for images: expected shape [N, H, W] or [N, D], got ${shown}`);
  }
  if (idx.shape.includes(0)) {
    throw new DataError(`Cannot take ${name} for images: expected at least one image of one pixel, got shape ${shown}`);
  }
  const count = idx.shape[0];
  const [height, width] = idx.shape.length === 3 ? idx.shape.slice(1) : [1, idx.shape[1]];
  const images = { pixels: idx.data, count, height, width };
  if (labels === undefined) return images;
  if (labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataError(
      `Cannot label the images of ${name}: expected labels of shape [${count}], got [${labels.shape.join(", ")}]`,
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
    throw new RangeError(`Cannot take the first images: expected a positive integer, got ${n}`);
  }
  return slice(images, 0, Math.min(n, images.count));
}

/**
 * Makes a dataset of images that come without a test set: the last tenth, rounded down but at least one image, is held
 * out as the test set, and the rest is the train set. No image is in both, and the same images always split alike.
 *
 * @param images The images, at least 2.
 * @param name The dataset's name.
 * @returns The train and the test set, as views of the same bytes.
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
export function holdOut(images: Images, name: string): Split {
  if (images.count < 2) {
    throw new DataError(`Cannot split ${name} into train and test: expected at least 2 images, got ${images.count}`);
  }
  const trained = images.count - Math.max(1, Math.floor(images.count / 10));
  return { train: slice(images, 0, trained), test: slice(images, trained, images.count), name };
}

/** The images from `start` to `end`, as views. */
function slice(images: Images, start: number, end: number): Images {
  const { height, width, labels } = images;
  const size = height * width;
  const part = { pixels: images.pixels.subarray(start * size, end * size), count: end - start, height, width };
  return labels === undefined ? part : { ...part, labels: labels.subarray(start, end) };
}
