import { decode } from "npm:fast-png@8.0.0";
import { imageGrid, pairGrid } from "../../src/report/grid.ts";
import { encodePng } from "../../src/report/png.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

/** The pixels of a PNG file, one string of two hexadecimal digits a pixel for every row. */
function picture(png: Uint8Array): string[] {
  const { width, height, channels, depth, data } = decode(png, { checkCrc: true });
  assertEquals([channels, depth, data.length], [1, 8, width * height]);
  const hex = [...data].map((value) => value.toString(16).padStart(2, "0"));
  return Array.from({ length: height }, (_, row) => hex.slice(row * width, (row + 1) * width).join(" "));
}

const one = { count: 1, height: 1, width: 1 };
const plain = { scale: 1, gap: 0 };

Deno.test("encodePng() gives back every brightness, and equal bytes for equal pixels", () => {
  const pixels = Uint8Array.from({ length: 256 }, (_, value) => value);
  const png = encodePng(pixels, 64, 4);
  const { width, height, data } = decode(png, { checkCrc: true });
  assertEquals([width, height], [64, 4]);
  assertEquals([...data], [...pixels]);
  assertEquals(encodePng(pixels.slice(), 64, 4), png);
});

Deno.test("encodePng() gives an array over exactly the file, which leaves the pixels as they were", () => {
  const pixels = new Uint8Array([1, 2, 3]);
  const png = encodePng(pixels, 3, 1);
  assertEquals(png.buffer.byteLength, png.byteLength);
  assertEquals([...pixels], [1, 2, 3]);
});

Deno.test("encodePng() throws for pixels that do not fill the picture, and for sizes that are no size", () => {
  assertThrows(
    () => encodePng(new Uint8Array(5), 3, 2),
    TypeError,
    "Cannot encode the PNG: expected a Uint8Array of 6 pixels (3 wide, 2 high), got Uint8Array of 5",
  );
  assertThrows(() => encodePng(new Float32Array(6) as unknown as Uint8Array, 3, 2), TypeError, "got Float32Array of 6");
  assertThrows(() => encodePng(new Uint8Array(6), 3, 2, new Uint8Array(5)), TypeError, "Uint8Array of 6 alpha");
  assertThrows(() => encodePng(new Uint8Array(0), 0, 1), RangeError, "expected width to be a positive integer, got 0");
  assertThrows(() => encodePng(new Uint8Array(3), 2, 1.5), RangeError, "expected height to be a positive integer");
});

Deno.test("imageGrid() places images row by row, with gaps between and around, and background where none is left", () => {
  const images = new Float32Array([0, 0.2, 0.4, 0.6, 0.8, 1]);
  assertEquals(picture(imageGrid(images, { count: 3, height: 1, width: 2, columns: 2, scale: 1, gap: 1 })), [
    "ff ff ff ff ff ff ff",
    "ff 00 33 ff 66 99 ff",
    "ff ff ff ff ff ff ff",
    "ff cc ff ff ff ff ff",
    "ff ff ff ff ff ff ff",
  ]);
});

Deno.test("imageGrid() makes each pixel a square of the scale, whose size the gap does not share", () => {
  const images = new Float32Array([0, 0.2, 0.4, 0.6]);
  assertEquals(picture(imageGrid(images, { count: 1, height: 2, width: 2, scale: 3, gap: 1, background: 0 })), [
    "00 00 00 00 00 00 00 00",
    "00 00 00 00 33 33 33 00",
    "00 00 00 00 33 33 33 00",
    "00 00 00 00 33 33 33 00",
    "00 66 66 66 99 99 99 00",
    "00 66 66 66 99 99 99 00",
    "00 66 66 66 99 99 99 00",
    "00 00 00 00 00 00 00 00",
  ]);
});

Deno.test("imageGrid() defaults to a square of columns, scale 2, gap 2 and a white background", () => {
  const images = new Float32Array(5 * 28 * 28);
  const png = imageGrid(images, { count: 5, height: 28, width: 28 });
  const { width, height, data } = decode(png);
  assertEquals([width, height], [3 * 58 + 2, 2 * 58 + 2]);
  assertEquals([data[0], data[2 * width + 2], data[(height - 3) * width + width - 3]], [255, 0, 255]);
  assertEquals(
    png,
    imageGrid(images, { count: 5, height: 28, width: 28, columns: 3, scale: 2, gap: 2, background: 1 }),
  );
});

Deno.test("imageGrid() leaves gaps, and places without an image, transparent if asked to", () => {
  const images = new Float32Array([0, 1, 0.6]);
  const options = { ...one, count: 3, columns: 2, scale: 1, gap: 1, background: "transparent" as const };
  const { width, height, channels, data } = decode(imageGrid(images, options), { checkCrc: true });
  assertEquals([width, height, channels], [5, 5, 2]);
  const at = (x: number, y: number) => [...data.slice(2 * (y * width + x), 2 * (y * width + x) + 2)];
  assertEquals([at(1, 1), at(3, 1), at(1, 3)], [[0, 255], [255, 255], [153, 255]]);
  const opaque = data.filter((value, i) => i % 2 === 1 && value === 255).length;
  assertEquals(opaque, 3);
});

Deno.test("imageGrid() has no more columns than images", () => {
  assertEquals(picture(imageGrid(new Float32Array([0, 1]), { ...one, ...plain, count: 2, columns: 10 })), ["00 ff"]);
});

Deno.test("imageGrid() rounds to the nearest level, clamps what is outside of [0, 1] and shows NaN as black", () => {
  const values = [-0.5, -Infinity, 1.5, Infinity, NaN, 0.4 / 255, 0.6 / 255, 254.4 / 255, 254.6 / 255];
  const images = new Float32Array(values);
  assertEquals(picture(imageGrid(images, { ...plain, count: 1, height: 1, width: 9 })), ["00 00 ff ff 00 00 01 fe ff"]);
  assertEquals(images, new Float32Array(values), "its argument is left as it was");
});

Deno.test("imageGrid() reads only its own part of a longer buffer", () => {
  const view = new Float32Array([1, 0.2, 0.4, 1]).subarray(1, 3);
  assertEquals(picture(imageGrid(view, { ...one, ...plain, count: 2 })), ["33 66"]);
});

Deno.test("pairGrid() places each row of originals above its reconstructions, pairs of rows three gaps apart", () => {
  const originals = new Float32Array([0, 0.2, 0.4]);
  const reconstructions = new Float32Array([0.6, 0.8, 1]);
  const options = { count: 3, height: 1, width: 1, columns: 2, scale: 1, gap: 1, background: 0 };
  assertEquals(picture(pairGrid(originals, reconstructions, options)), [
    "00 00 00 00 00",
    "00 00 00 33 00",
    "00 00 00 00 00",
    "00 99 00 cc 00",
    "00 00 00 00 00",
    "00 00 00 00 00",
    "00 00 00 00 00",
    "00 66 00 00 00",
    "00 00 00 00 00",
    "00 ff 00 00 00",
    "00 00 00 00 00",
  ]);
});

Deno.test("pairGrid() defaults to ten columns", () => {
  const images = new Float32Array(11);
  const { width, height } = decode(pairGrid(images, images, { ...one, ...plain, count: 11 }));
  assertEquals([width, height], [10, 4]);
});

Deno.test("imageGrid() and pairGrid() throw for arrays that do not match the shape", () => {
  const shape = { count: 3, height: 2, width: 2 };
  assertThrows(
    () => imageGrid(new Float32Array(11), shape),
    TypeError,
    "Cannot draw the image grid: expected images to be a Float32Array of 12 values (shape [3, 4]), " +
      "got Float32Array of 11",
  );
  const bytes = new Uint8Array(12) as unknown as Float32Array;
  assertThrows(() => imageGrid(bytes, shape), TypeError, "got Uint8Array of 12");
  assertThrows(() => imageGrid(undefined as unknown as Float32Array, shape), TypeError, "got undefined");
  const right = new Float32Array(12);
  assertThrows(
    () => pairGrid(right, new Float32Array(8), shape),
    TypeError,
    "Cannot draw the pair grid: expected reconstructions to be a Float32Array of 12 values (shape [3, 4]), " +
      "got Float32Array of 8",
  );
  assertThrows(() => pairGrid(new Float32Array(13), right, shape), TypeError, "expected originals");
});

Deno.test("imageGrid() and pairGrid() throw for values that lay out no picture, and say which", () => {
  const image = new Float32Array(1);
  for (const name of ["count", "height", "width", "columns", "scale"]) {
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      const options = { ...one, [name]: value };
      const message = `expected ${name} to be a positive integer, got ${value}`;
      assertThrows(() => imageGrid(image, options), RangeError, `Cannot draw the image grid: ${message}`);
      assertThrows(() => pairGrid(image, image, options), RangeError, `Cannot draw the pair grid: ${message}`);
    }
  }
  for (const gap of [-1, 0.5, NaN]) {
    const error = assertThrows(() => imageGrid(image, { ...one, gap }), RangeError);
    assertEquals(error.message, `Cannot draw the image grid: expected gap to be an integer from 0 up, got ${gap}`);
  }
  for (const background of [-0.1, 1.1, NaN, 255]) {
    assertThrows(() => imageGrid(image, { ...one, background }), RangeError, `in [0, 1], got ${background}`);
  }
  assert(imageGrid(image, { ...one, background: 0, gap: 0 }).length > 0);
});
