/**
 * PNG files as bytes: the only file which imports an image library.
 *
 * @module
 */
import { encode } from "npm:fast-png@8.0.0";

/**
 * Encodes a grayscale picture as a PNG file, 8 bits a pixel. Equal pixels give equal bytes.
 *
 * @param pixels Brightness from 0 (black) to 255 (white), row by row from the top left: `[height * width]`.
 * @param width Pixels in a row, at least 1.
 * @param height Rows, at least 1.
 * @returns The bytes of the file.
 * @throws {RangeError} If width or height is not a positive integer.
 * @throws {TypeError} If `pixels` is not a Uint8Array of `height * width` values.
 *
 * @example Two pixels
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const png = encodePng(new Uint8Array([0, 255]), 2, 1);
 * assert.deepEqual([...png.subarray(1, 4)].map((code) => String.fromCharCode(code)), ["P", "N", "G"]);
 * ```
 */
export function encodePng(pixels: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot encode the PNG: expected ${name} to be a positive integer, got ${value}`);
    }
  }
  if (!(pixels instanceof Uint8Array) || pixels.length !== height * width) {
    throw new TypeError(
      `Cannot encode the PNG: expected a Uint8Array of ${height * width} pixels (${width} wide, ${height} high), ` +
        `got ${pixels?.constructor.name} of ${pixels?.length}`,
    );
  }
  // The library's bytes are a view on a longer buffer: copied, they are exactly the file.
  return new Uint8Array(encode({ data: pixels, width, height, channels: 1, depth: 8 }));
}
