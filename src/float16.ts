/**
 * IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits; least subnormal 2^-24, least normal 2^-14, largest
 * 65504. Written out, since not every runtime that reads models has `Float16Array`; where there is one, it reads faster.
 *
 * @module
 */

/** The largest finite number of half precision. */
export const MOST_FLOAT16 = 65504;

/** What moves a half's exponent, at a float's place, to a float's bias. */
const REBIAS = 2 ** (127 - 15);

/** Adding and taking it away rounds a number below 2^51 to an integer, ties to even. */
const ROUND = 2 ** 52;

/**
 * Floats as halves, rounded to nearest, ties to even: from 65520 on to infinity, to 2^-25 to zero. A NaN stays one.
 *
 * @param values float32.
 * @returns The bits of as many halves.
 *
 * @example
 * ```ts
 * import { toFloat16 } from "./float16.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...toFloat16(Float32Array.of(1, -2, 65520))], [0x3c00, 0xc000, 0x7c00]);
 * ```
 */
export function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length), float = new Float32Array(1), word = new Uint32Array(float.buffer);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i]!;
    const bits = word[0]! & 0x7fffffff, sign = word[0]! >>> 16 & 0x8000;
    let half: number;
    if (bits > 0x7f800000) half = 0x7e00;
    else if (bits < 113 << 23) half = Math.abs(values[i]!) * 2 ** 24 + ROUND - ROUND;
    // The even one of two that are as near: what is cut off is rounded up from just below its half, or from its half.
    else half = Math.min(bits + 0xfff + (bits >>> 13 & 1) - (112 << 23) >>> 13, 0x7c00);
    halves[i] = sign | half;
  }
  return halves;
}

/**
 * Halves as floats; each is one exactly.
 *
 * @param bytes The halves, little-endian, at any alignment.
 * @param out Where as many float32 go.
 *
 * @example
 * ```ts
 * import { fromFloat16 } from "./float16.ts";
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(2);
 * fromFloat16(Uint8Array.of(0x00, 0x3c, 0x01, 0x00), out);
 * assert.deepEqual([...out], [1, 2 ** -24]);
 * ```
 */
export function fromFloat16(bytes: Uint8Array, out: Float32Array): void {
  if (bytes.byteOffset % 2 === 0 && globalThis.Float16Array) {
    out.set(new Float16Array(bytes.buffer, bytes.byteOffset, out.length));
    return;
  }
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < out.length; i++) {
    const half = bytes[2 * i]! | bytes[2 * i + 1]! << 8, sign = half >>> 15 << 31, bits = (half & 0x7fff) << 13;
    // A NaN becomes a quiet one, as processors convert it.
    if (bits >= 0x7c00 << 13) words[i] = sign | 0x7f800000 | bits | (bits > 0x7c00 << 13 ? 1 << 22 : 0);
    else {
      words[i] = sign | bits;
      out[i]! *= REBIAS; // subnormals too, since they are such at the float's place
    }
  }
}
