import type { Array2D } from "../arrays.ts";
import type { Model } from "../model.ts";
import { planes } from "../planes.ts";
import { shapeOf } from "../shape.ts";
import { encodePng } from "./png.ts";

/** Examples as a grid of pictures, with as many columns as rows or one more: 0 is black, 1 is white. */
export async function samplesPicture(
  model: Model,
  { data, shape: [count] }: Array2D,
  scale: number,
): Promise<Response> {
  const columns = Math.ceil(Math.sqrt(count));
  const drawn = planes(data, shapeOf(model), { columns, scale, background: 0.5 });
  const [{ width, height }] = drawn, png = await encodePng(drawn.map(({ pixels }) => pixels), width, height);
  return new Response(png, { headers: { "content-type": "image/png" } });
}
