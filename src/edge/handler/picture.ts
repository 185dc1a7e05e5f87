import { drawBlocks } from "../../pictures/grid.ts";
import type { Array2D } from "../arrays.ts";
import type { Model } from "../model.ts";
import { shapeOf } from "../shape.ts";
import { encodePng } from "./png.ts";

/** One channel of images whose values have their channels next to each other. */
function plane(data: Float32Array, channel: number, channels: number): Float32Array {
  return channels === 1
    ? data
    : Float32Array.from({ length: data.length / channels }, (_, i) => data[i * channels + channel]);
}

/** Examples as a grid of pictures, with as many columns as rows or one more: 0 is black, 1 is white. */
export async function samplesPicture(
  model: Model,
  { data, shape: [count] }: Array2D,
  scale: number,
): Promise<Response> {
  const { height, width, channels } = shapeOf(model), columns = Math.ceil(Math.sqrt(count));
  const options = { count, height, width, scale, background: 0.5 };
  const planes = Array.from(
    { length: channels },
    (_, c) => drawBlocks("draw the samples", { images: plane(data, c, channels) }, options, columns),
  );
  const [picture] = planes, png = await encodePng(planes.map(({ pixels }) => pixels), picture.width, picture.height);
  return new Response(png, { headers: { "content-type": "image/png" } });
}
