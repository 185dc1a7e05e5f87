import type { Shape } from "../edge/shape.ts";

/** A drawing: how bright each place is, from 0 to 1, row by row. */
export type Ink = { readonly values: Float32Array; readonly width: number; readonly height: number };

/** A part of a drawing, in its pixels. */
type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** Fainter than this is no ink: what smooth edges leave. */
const FAINT = 0.1;

/** The mean of a drawing over a box, of which borders may lie within pixels and outside of the drawing, where it is 0. */
function meanOver({ values, width, height }: Ink, box: Box): number {
  const right = box.left + box.width, bottom = box.top + box.height;
  let sum = 0;
  for (let y = Math.max(0, Math.floor(box.top)); y < Math.min(height, bottom); y++) {
    const tall = Math.min(y + 1, bottom) - Math.max(y, box.top);
    for (let x = Math.max(0, Math.floor(box.left)); x < Math.min(width, right); x++) {
      sum += tall * (Math.min(x + 1, right) - Math.max(x, box.left)) * values[y * width + x]!;
    }
  }
  return sum / (box.width * box.height);
}

/** What a box of a drawing looks like with other sizes: each value the mean over its place. */
function resample(ink: Ink, box: Box, width: number, height: number): Float32Array {
  const [w, h] = [box.width / width, box.height / height];
  return Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.min(1, meanOver(ink, { left: box.left + x * w, top: box.top + y * h, width: w, height: h }));
  });
}

/** The least box with all the ink; none if there is none. */
function inked({ values, width }: Ink): Box | undefined {
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  values.forEach((value, i) => {
    if (!(value > FAINT)) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  return right < 0 ? undefined : { left, top, width: right + 1 - left, height: bottom + 1 - top };
}

/** The whole of a drawing. */
export function scaleInk(ink: Ink, { width, height }: Shape): Float32Array {
  return resample(ink, { left: 0, top: 0, width: ink.width, height: ink.height }, width, height);
}

/**
 * A drawing as MNIST has its digits (LeCun, Bottou, Bengio and Haffner 1998, section III.A): scaled into a box of 20 of 28
 * parts of the image, its proportions kept, with its center of mass in the middle.
 *
 * @param ink The drawing.
 * @param shape The image's shape, of one channel.
 * @returns Values in [0, 1], [height * width]; 0 without ink.
 */
export function fitInk(ink: Ink, { width, height }: Shape): Float32Array {
  const box = inked(ink);
  if (!box) return new Float32Array(width * height);
  // Pixels of the drawing for one of the image.
  const scale = Math.max(box.width / (width * 20 / 28), box.height / (height * 20 / 28));
  let [mass, x, y] = [0, 0, 0];
  ink.values.forEach((value, i) => {
    mass += value;
    x += value * (i % ink.width + 0.5);
    y += value * (Math.floor(i / ink.width) + 0.5);
  });
  const whole = { width: width * scale, height: height * scale };
  const frame = { ...whole, left: x / mass - whole.width / 2, top: y / mass - whole.height / 2 };
  return resample(ink, frame, width, height);
}
