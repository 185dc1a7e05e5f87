/**
 * Many small grayscale images in one picture, as pixels: what files and pages are made of.
 *
 * @module
 */

import type { Given } from "../checks/options.ts";

/** A grayscale picture, row by row from the top left. */
export type Picture = {
  /** Brightness from 0 (black) to 255 (white), `[height * width]`. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** Opacity of each pixel from 0 to 255, where not all are opaque. */
  readonly alpha?: Uint8Array<ArrayBuffer> | undefined;
};

/** The shape of the images, and how they are laid out. */
export type GridOptions = {
  /** How many images there are. */
  readonly count: number;
  /** Rows of one image. */
  readonly height: number;
  /** Pixels in a row of one image. */
  readonly width: number;
  /** Images beside each other; never more than `count`. */
  readonly columns?: number | undefined;
  /** Each pixel becomes a square of so many pixels a side (nearest neighbour). Default 2. */
  readonly scale?: number | undefined;
  /** Pixels of the finished picture between the images and around them all. Default 2. */
  readonly gap?: number | undefined;
  /** Brightness of the gaps and of places without an image, in [0, 1], or `"transparent"`. Default 1, white. */
  readonly background?: number | "transparent" | undefined;
};

/**
 * Draws blocks of one row from each source, row `s` of a block with images of source `s`; where a block has more rows
 * than one, blocks stand three gaps apart.
 *
 * Brightness 0 is black and 1 is white; values outside are clamped, and NaN, for which grayscale has no colour of its
 * own, is black. The picture is `columns * (width * scale + gap) + gap` pixels wide, and so on for the height.
 *
 * @param action What cannot be done, for messages, such as `draw the image grid`.
 * @param sources By name, `[count, height * width]`, float32 in [0, 1], row by row from the top left.
 * @param options The images' shape and layout.
 * @param defaultColumns How many images stand beside each other where `options` do not say it.
 * @returns The picture.
 * @throws {RangeError} If a size is not a positive integer, `gap` not one from 0 up, or `background` not in [0, 1].
 * @throws {TypeError} If a source is not a Float32Array of `count * height * width` values.
 *
 * @example Two images of one pixel beside each other
 * ```ts
import { drawBlocks } from "./grid.ts";
 * import assert from "node:assert/strict";
 *
 * const options = { count: 2, height: 1, width: 1, scale: 1, gap: 0 };
 * const { pixels, width, height } = drawBlocks("draw", { images: Float32Array.of(0, 1) }, options, 2);
 * assert.deepEqual([[...pixels], width, height], [[0, 255], 2, 1]);
 * ```
 */
export function drawBlocks(
  action: string,
  sources: Readonly<Record<string, Float32Array>>,
  options: GridOptions,
  defaultColumns: number,
): Picture {
  const { count, height, width, scale, gap, background, columns } = resolve(action, options, defaultColumns);
  for (const [name, images] of Object.entries(sources)) checkImages(action, name, images, { count, height, width });

  const rows = Object.values(sources);
  const [cellHeight, cellWidth] = [height * scale + gap, width * scale + gap];
  const blockGap = rows.length > 1 ? 2 * gap : 0;
  const blockHeight = rows.length * cellHeight + blockGap;
  const pictureWidth = gap + columns * cellWidth;
  const pictureHeight = gap + Math.ceil(count / columns) * blockHeight - blockGap;
  const pixels = new Uint8ClampedArray(pictureHeight * pictureWidth);
  const alpha = background === "transparent" ? new Uint8Array(pixels.length) : undefined;
  if (background !== "transparent") pixels.fill(255 * background);

  rows.forEach((images, row) => {
    for (let index = 0; index < count; index++) {
      const top = gap + Math.floor(index / columns) * blockHeight + row * cellHeight;
      const left = gap + (index % columns) * cellWidth;
      for (let y = 0; y < height * scale; y++) {
        const from = (index * height + Math.floor(y / scale)) * width;
        const to = (top + y) * pictureWidth + left;
        // A clamped array rounds to the nearest integer, and takes NaN for 0.
        for (let x = 0; x < width * scale; x++) pixels[to + x] = 255 * images[from + Math.floor(x / scale)]!;
        alpha?.fill(255, to, to + width * scale);
      }
    }
  });
  return { pixels: new Uint8Array(pixels.buffer), width: pictureWidth, height: pictureHeight, ...alpha && { alpha } };
}

/** Fills in the defaults and checks every value. */
function resolve(action: string, options: GridOptions, defaultColumns: number): Given<GridOptions> {
  const { count, height, width, columns = defaultColumns, scale = 2, gap = 2, background = 1 } = options;
  for (const [name, value] of Object.entries({ count, height, width, columns, scale })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot ${action}: expected ${name} to be a positive integer, got ${value}`);
    }
  }
  if (!Number.isInteger(gap) || gap < 0) {
    throw new RangeError(`Cannot ${action}: expected gap to be an integer from 0 up, got ${gap}`);
  }
  if (background !== "transparent" && !(background >= 0 && background <= 1)) {
    throw new RangeError(`Cannot ${action}: expected background in [0, 1], got ${background}`);
  }
  return { count, height, width, columns: Math.min(columns, count), scale, gap, background };
}

function checkImages(
  action: string,
  name: string,
  images: Float32Array,
  { count, height, width }: { count: number; height: number; width: number },
): void {
  if (!(images instanceof Float32Array) || images.length !== count * height * width) {
    throw new TypeError(
      `Cannot ${action}: expected ${name} to be a Float32Array of ${count * height * width} values ` +
        `(shape [${count}, ${height * width}]), got ${(images as unknown)?.constructor.name} of ${images?.length}`,
    );
  }
}
