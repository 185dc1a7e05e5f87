/**
 * Many small grayscale images in one picture: samples, and originals above their reconstructions.
 *
 * @module
 */
import { drawBlocks, type GridOptions, type Picture } from "../pictures/grid.ts";
import { encodePng } from "./png.ts";

export type { GridOptions };

/**
 * Draws images row by row into one picture.
 *
 * Brightness 0 is black and 1 is white; values outside are clamped, and NaN, for which grayscale has no colour of its
 * own, is black. The picture is `columns * (width * scale + gap) + gap` pixels wide, and so on for the height.
 *
 * @param images `[count, height * width]`, float32 in [0, 1], row by row from the top left.
 * @param options The images' shape and layout; `columns` is by default the square root of `count`, rounded up.
 * @returns The bytes of a PNG file.
 * @throws {RangeError} If a size is not a positive integer, `gap` not one from 0 up, or `background` not in [0, 1].
 * @throws {TypeError} If `images` is not a Float32Array of `count * height * width` values.
 *
 * @example Two images of one pixel, black and white, with a gray frame
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode } from "npm:fast-png@8.0.0";
 *
 * const options = { count: 2, height: 1, width: 1, columns: 1, scale: 1, gap: 1, background: 0.5 };
 * const { width, height, data } = decode(imageGrid(new Float32Array([0, 1]), options));
 * assert.deepEqual([width, height], [3, 5]);
 * assert.deepEqual([...data], [128, 128, 128, 128, 0, 128, 128, 128, 128, 128, 255, 128, 128, 128, 128]);
 * ```
 */
export function imageGrid(images: Float32Array, options: GridOptions): Uint8Array<ArrayBuffer> {
  return encoded(drawBlocks("draw the image grid", { images }, options, Math.ceil(Math.sqrt(options.count))));
}

/**
 * Draws rows of originals, each with the row of their reconstructions right below it, wrapping at `columns`. Pairs of
 * rows stand three gaps apart, so that the eye sees what belongs together. Brightness is as in {@linkcode imageGrid}.
 *
 * @param originals `[count, height * width]`, float32 in [0, 1], row by row from the top left.
 * @param reconstructions The same shape and range, in the same order.
 * @param options The images' shape and layout; `count` is the number of pairs, `columns` is by default 10.
 * @returns The bytes of a PNG file.
 * @throws {RangeError} If a size is not a positive integer, `gap` not one from 0 up, or `background` not in [0, 1].
 * @throws {TypeError} If either is not a Float32Array of `count * height * width` values.
 *
 * @example Two pairs of images of one pixel
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode } from "npm:fast-png@8.0.0";
 *
 * const options = { count: 2, height: 1, width: 1, scale: 1, gap: 0 };
 * const png = pairGrid(new Float32Array([0, 1]), new Float32Array([0.2, 0.8]), options);
 * assert.deepEqual([...decode(png).data], [0, 255, 51, 204]);
 * ```
 */
export function pairGrid(
  originals: Float32Array,
  reconstructions: Float32Array,
  options: GridOptions,
): Uint8Array<ArrayBuffer> {
  return encoded(drawBlocks("draw the pair grid", { originals, reconstructions }, options, 10));
}

function encoded({ pixels, width, height, alpha }: Picture): Uint8Array<ArrayBuffer> {
  return encodePng(pixels, width, height, alpha);
}
