import { show } from "../checks/show.ts";
import type { Window } from "./patches.ts";

/** A {@linkcode Window} but for its padding, and for what follows from that. */
export type UnpaddedWindow = Omit<Window, "top" | "left" | "outHeight" | "outWidth">;

const NAMES = [
  ...["height", "width", "channels", "kernelHeight", "kernelWidth"] as const,
  ...["strideHeight", "strideWidth", "dilationHeight", "dilationWidth"] as const,
] satisfies readonly (keyof UnpaddedWindow)[];

/**
 * The window with "same" padding: as many places as the image has pixels, divided by the stride and rounded up. Zeros
 * that are needed for that lie half before and half behind the image, the odd one behind: as TensorFlow, JAX and, where
 * the stride is 1, PyTorch have it. A kernel with smaller reach than the stride leaves pixels out, and needs none.
 *
 * Signals are images of height 1 with a kernel of height 1. A transposed convolution from [H, W] to
 * [H strideHeight, W strideWidth] has the window of an image of the latter size.
 *
 * @returns Height and width of the result are `outHeight` and `outWidth`; transposed, those of x.
 * @throws {RangeError} If one of the numbers is not a positive integer.
 */
export function sameWindow(unpadded: UnpaddedWindow): Window {
  for (const name of NAMES) {
    const value = unpadded[name];
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot pad images: expected ${name} to be a positive integer, got ${show(value)}`);
    }
  }
  const { height, width, kernelHeight, kernelWidth, strideHeight, strideWidth } = unpadded;
  const [outHeight, top] = same(height, kernelHeight, strideHeight, unpadded.dilationHeight);
  const [outWidth, left] = same(width, kernelWidth, strideWidth, unpadded.dilationWidth);
  return { ...unpadded, top, left, outHeight, outWidth };
}

/** Along one axis: the number of places, and the number of zeros before the image. */
function same(length: number, kernel: number, stride: number, dilation: number): [places: number, before: number] {
  const places = Math.ceil(length / stride), reach = (kernel - 1) * dilation + 1;
  return [places, Math.max(0, (places - 1) * stride + reach - length) >> 1];
}
