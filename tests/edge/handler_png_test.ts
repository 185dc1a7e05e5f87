/** Samples as a picture. */
import { decode } from "npm:fast-png@8.0.0";
import { encodePng } from "../../src/edge/handler/png.ts";
import { generate, key } from "../../src/edge/mod.ts";
import { shapeOf } from "../../src/edge/shape.ts";
import { imageGrid } from "../../src/report/grid.ts";
import type { ConfigOptions } from "../../mod.ts";
import { assertEquals } from "../assert.ts";
import { get, served } from "./handler.ts";

async function picture(config: ConfigOptions, query: string, scale = 2) {
  const { model, handler } = await served(config, { scale });
  const response = await get(handler, `/sample?${query}`, { accept: "image/png" });
  assertEquals([response.status, response.headers.get("content-type")], [200, "image/png"]);
  return { model, png: await response.bytes() };
}

Deno.test("GET /sample as image/png has the pixels of the command line's grid", async () => {
  const { model, png } = await picture({ input: 20, image: [4, 5, 1], hidden: [5], latent: 2 }, "n=7&seed=3", 3);
  const { data } = generate(model, { n: 7, key: key(3) });
  const wanted = decode(imageGrid(data, { count: 7, height: 4, width: 5, scale: 3, background: 0.5 }));
  const { width, height, channels, depth, data: pixels } = decode(png);
  assertEquals([width, height, channels, depth], [3 * 17 + 2, 3 * 14 + 2, 1, 8]);
  assertEquals(pixels, wanted.data);
});

Deno.test("images of three channels are in color", async () => {
  const config = { input: 12, image: [2, 2, 3], hidden: [5], latent: 2 } as const;
  const { model, png } = await picture(config, "n=1", 1), { data } = generate(model, { n: 1, key: key(0) });
  const { width, channels, data: pixels } = decode(png, { checkCrc: true });
  assertEquals([width, channels], [6, 3]);
  // The first pixel is past a gap of two rows and two columns.
  assertEquals(
    [...pixels.slice(3 * (2 * 6 + 2), 3 * (2 * 6 + 4))],
    [...data.slice(0, 6)].map((v) => Math.round(255 * v)),
  );
});

Deno.test("encodePng() gives back every brightness of every channel, and equal bytes for equal pixels", async () => {
  for (const channels of [1, 3]) {
    const planes = Array.from(
      { length: channels },
      (_, c) => Uint8Array.from({ length: 256 }, (_, i) => i * (2 * c + 1)),
    );
    const png = await encodePng(planes, 64, 4), { width, height, data } = decode(png, { checkCrc: true });
    assertEquals([width, height], [64, 4]);
    planes.forEach((plane, c) => assertEquals(data.filter((_, i) => i % channels === c), plane));
    assertEquals(await encodePng(planes, 64, 4), png);
  }
});

Deno.test("shapeOf() goes by the convolutions, then by the training, then by squares", () => {
  const of = (config: object, training?: string) =>
    shapeOf({ config, metadata: training === undefined ? {} : { training } } as Parameters<typeof shapeOf>[0]);
  const shape = (height: number, width: number, channels: 1 | 3) => ({ height, width, channels });
  assertEquals(of({ input: 60, image: [4, 5, 3] }), shape(4, 5, 3));
  assertEquals(of({ input: 40, image: [4, 5, 2] }), shape(4, 10, 1));
  assertEquals(of({ input: 36 }, '{"height":4,"width":9}'), shape(4, 9, 1));
  for (const training of ['{"height":5,"width":9}', '{"height":-4,"width":-9}', "oops", "null"]) {
    assertEquals(of({ input: 36 }, training), shape(6, 6, 1));
  }
  assertEquals(of({ input: 12 }), shape(2, 2, 3));
  assertEquals(of({ input: 7 }), shape(1, 7, 1));
});
