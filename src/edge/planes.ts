import { drawBlocks, type GridOptions, type Picture } from "../pictures/grid.ts";
import type { Shape } from "./shape.ts";

/** One channel of images whose values have their channels next to each other. */
function channel(data: Float32Array, at: number, channels: number): Float32Array {
  if (channels === 1) return data;
  return Float32Array.from({ length: data.length / channels }, (_, i) => data[i * channels + at]!);
}

/**
 * Examples as one picture, beside each other in rows: a plane for gray, or three, red, green and blue.
 *
 * @param data Examples, each of the shape's values: 0 is black, 1 is white.
 * @param shape Their shape.
 * @param options How they are laid out: columns, pixels a value, gaps; by default one row.
 * @returns Planes of one size.
 */
export function planes(
  data: Float32Array,
  { height, width, channels }: Shape,
  options: Pick<GridOptions, "columns" | "scale" | "gap" | "background"> = {},
): Picture[] {
  const count = data.length / (height * width * channels), all = { ...options, count, height, width };
  return Array.from(
    { length: channels },
    (_, c) => drawBlocks("draw the examples", { images: channel(data, c, channels) }, all, count),
  );
}
