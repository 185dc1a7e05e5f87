/**
 * Many small grayscale images in one picture: samples, and originals above their reconstructions.
 *
 * @module
 */
import { encodePng } from "./png.ts";

/** The shape of the images, and how they are laid out. */
export type GridOptions = {
  /** How many images there are. */
  readonly count: number;
  /** Rows of one image. */
  readonly height: number;
  /** Pixels in a row of one image. */
  readonly width: number;
  /** Images beside each other; never more than `count`. */
  readonly columns?: number;
  /** Each pixel becomes a square of so many pixels a side (nearest neighbour). Default 2. */
  readonly scale?: number;
  /** Pixels of the finished picture between the images and around them all. Default 2. */
  readonly gap?: number;
  /** Brightness of the gaps and of places without an image, in [0, 1], or `"transparent"`. Default 1, white. */
  readonly background?: number | "transparent";
};

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
  return drawBlocks("draw the image grid", { images }, options, Math.ceil(Math.sqrt(options.count)));
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
  return drawBlocks("draw the pair grid", { originals, reconstructions }, options, 10);
}

/**
 * Draws blocks of one row from each source, row `s` of a block with images of source `s`; where a block has more rows
 * than one, blocks stand three gaps apart.
 */
function drawBlocks(
  action: string,
  sources: Readonly<Record<string, Float32Array>>,
  options: GridOptions,
  defaultColumns: number,
): Uint8Array<ArrayBuffer> {
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
        for (let x = 0; x < width * scale; x++) pixels[to + x] = 255 * images[from + Math.floor(x / scale)];
        alpha?.fill(255, to, to + width * scale);
      }
    }
  });
  return encodePng(new Uint8Array(pixels.buffer), pictureWidth, pictureHeight, alpha);
}

/** Fills in the defaults and checks every value. */
function resolve(action: string, options: GridOptions, defaultColumns: number): Required<GridOptions> {
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
