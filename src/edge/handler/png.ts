/**
 * PNG files as bytes, by the compression that browsers and workers have: the library that the command line uses would be
 * 6.5 KB of a bundle, and a package, which bundlers cannot resolve by the name that it has in Deno.
 *
 * @module
 */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** CRC-32 of each byte (ISO 3309), least significant bit first. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Length, name, contents and checksum of a part of the file. */
function chunk(name: string, contents: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(contents.length + 12), view = new DataView(bytes.buffer);
  view.setUint32(0, contents.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(contents, 8);
  view.setUint32(contents.length + 8, crc32(bytes.subarray(4, contents.length + 8)));
  return bytes;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Encodes a picture as a PNG file, 8 bits a channel.
 *
 * @param planes Brightness from 0 to 255 of one channel, gray, or of three, red, green and blue: `[height * width]` each,
 * row by row from the top left.
 * @param width Pixels in a row.
 * @param height Rows.
 * @returns The bytes of the file; in one runtime the same for the same pixels.
 *
 * @example
 * ```ts
 * import { encodePng } from "./png.ts";
 * import { decode } from "npm:fast-png@8.0.0";
 * import assert from "node:assert/strict";
 *
 * const png = await encodePng([Uint8Array.of(0, 255)], 2, 1);
 * assert.deepEqual([...decode(png).data], [0, 255]);
 * ```
 */
export async function encodePng(
  planes: readonly Uint8Array[],
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13), view = new DataView(header.buffer), channels = planes.length;
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 1 ? 0 : 2;
  // Each row begins with the number of its filter: 0, none.
  const stride = 1 + width * channels, rows = new Uint8Array(height * stride);
  planes.forEach((plane, c) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) rows[y * stride + 1 + x * channels + c] = plane[y * width + x];
    }
  });
  const contents = { IHDR: header, IDAT: await deflate(rows), IEND: new Uint8Array() };
  const parts = [Uint8Array.from(SIGNATURE), ...Object.entries(contents).map(([name, bytes]) => chunk(name, bytes))];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
