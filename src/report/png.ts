/**
 * PNG files as bytes: the only file which imports an image library.
 *
 * @module
 */
import { encode } from "npm:fast-png@8.0.0";

/**
 * Encodes a grayscale picture as a PNG file, 8 bits a pixel, and 8 more if it is transparent anywhere. Equal pixels give
 * equal bytes.
 *
 * @param pixels Brightness from 0 (black) to 255 (white), row by row from the top left: `[height * width]`.
 * @param width Pixels in a row, at least 1.
 * @param height Rows, at least 1.
 * @param alpha Opacity of each pixel from 0 to 255: `[height * width]`. By default all are opaque.
 * @returns The bytes of the file.
 * @throws {RangeError} If width or height is not a positive integer.
 * @throws {TypeError} If `pixels` or `alpha` is not a Uint8Array of `height * width` values.
 *
 * @example Two pixels
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const png = encodePng(new Uint8Array([0, 255]), 2, 1);
 * assert.deepEqual([...png.subarray(1, 4)].map((code) => String.fromCharCode(code)), ["P", "N", "G"]);
 * ```
 */
export function encodePng(
  pixels: Uint8Array,
  width: number,
  height: number,
  alpha?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot encode the PNG: expected ${name} to be a positive integer, got ${value}`);
    }
  }
  const size = height * width;
  for (const [name, values] of Object.entries({ pixels, ...alpha && { alpha } })) {
    if (values instanceof Uint8Array && values.length === size) continue;
    throw new TypeError(
      `Cannot encode the PNG: expected a Uint8Array of ${size} ${name} (${width} wide, ${height} high), ` +
        `got ${values?.constructor.name} of ${values?.length}`,
    );
  }
  const data = alpha ? new Uint8Array(2 * size) : pixels;
  for (let i = 0; alpha && i < size; i++) {
    data[2 * i] = pixels[i]!;
    data[2 * i + 1] = alpha[i]!;
  }
  // The library's bytes are a view on a longer buffer: copied, they are exactly the file.
  return new Uint8Array(encode({ data, width, height, channels: alpha ? 2 : 1, depth: 8 }));
}
