import { imageGrid, pairGrid } from "./grid.ts";
import { image } from "./html.ts";

/** Rows of an image and pixels in each. */
export type Size = { readonly height: number; readonly width: number };

/** Pixels of an image, more or less, as it is written; the page shows it twice as large where there is room. */
const SIDE = 28;

/** Pixels that a figure has at most: of large images there are fewer, lest the report be too large to send. */
const MOST = 2 ** 21;

/** How many images of this size to show, if it were `n` of a usual one; at least one. */
export function shownOf(n: number, { height, width }: Size): number {
  return Math.max(1, Math.min(n, Math.floor(MOST / (height * width))));
}

function layout({ height, width }: Size) {
  const scale = Math.max(1, Math.round(SIDE / Math.max(height, width)));
  return { height, width, scale, background: "transparent" as const };
}

/** Images in rows of `columns` as one element; what lies between them is the page. */
export function picture(images: Float32Array, size: Size, columns: number, alt: string): string {
  const count = images.length / (size.height * size.width);
  return image(imageGrid(images, { count, columns, ...layout(size) }), alt);
}

/** Rows of originals, each above that of their reconstructions, as one element. */
export function pairs(above: Float32Array, below: Float32Array, size: Size, columns: number, alt: string): string {
  const count = above.length / (size.height * size.width);
  return image(pairGrid(above, below, { count, columns, ...layout(size) }), alt);
}
