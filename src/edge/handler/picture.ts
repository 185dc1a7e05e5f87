import type { Array2D } from "../arrays.ts";
import { planes } from "../planes.ts";
import { shapeOf } from "../shape.ts";
import { encodeStrips, type Strip } from "./png.ts";
import type { Service, Task } from "./service.ts";

/** Pixels between the images and around them all, and their brightness. */
const GAP = 2, BACKGROUND = 0.5;

/**
 * Draws examples as a grid of pictures, with as many columns as rows or one more: 0 is black, 1 is white. It is drawn and
 * compressed a row of pictures at a time.
 */
export async function samplesPicture(
  { model, settings: { scale }, turns }: Service,
  task: Task,
  { data, shape: [count, cols] }: Array2D,
): Promise<Response> {
  const columns = Math.ceil(Math.sqrt(count)), rows = Math.ceil(count / columns), shape = shapeOf(model);
  const { height, width, channels } = shape, cell = { height: height * scale + GAP, width: width * scale + GAP };
  const size = { width: GAP + columns * cell.width, height: GAP + rows * cell.height, channels };
  async function* strips(): AsyncGenerator<Strip> {
    for (let row = 0; row < rows; row++) {
      // The last row may have fewer, in whose places there is background.
      const examples = new Float32Array(columns * cols).fill(BACKGROUND);
      examples.set(data.subarray(row * columns * cols, Math.min(count, (row + 1) * columns) * cols));
      const options = { columns, scale, gap: GAP, background: BACKGROUND };
      const drawn = await turns.run(
        task,
        size.width * cell.height * channels,
        "pixels",
        () => planes(examples, shape, options),
      );
      // The gap above is the one below the last row.
      yield drawn.map(({ pixels }) => row === 0 ? pixels : pixels.subarray(GAP * size.width));
    }
  }
  const png = await encodeStrips(strips(), size, (bytes, body) => turns.run(task, bytes, "compressed", body));
  return new Response(png, { headers: { "content-type": "image/png" } });
}
