/**
 * PNG files as bytes, by the compression that browsers and workers have: the library that the command line uses would be
 * 6.5 KB of a bundle, and a package, which bundlers cannot resolve by the name that it has in Deno.
 *
 * @module
 */

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** Most bytes that are compressed at a time. */
const PIECE = 1 << 17;

/** CRC-32 of each byte (ISO 3309), least significant bit first. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Length, name, contents and checksum of a part of the file. */
function chunk(name: string, contents: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(contents.length + 12), view = new DataView(bytes.buffer);
  view.setUint32(0, contents.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(contents, 8);
  view.setUint32(contents.length + 8, crc32(bytes.subarray(4, contents.length + 8)));
  return bytes;
}

/** Rows of pixels as the file has them: each begins with the number of its filter, 0, none. */
function filtered(planes: readonly Uint8Array[], width: number, from: number, to: number): Uint8Array<ArrayBuffer> {
  const channels = planes.length, stride = 1 + width * channels, rows = new Uint8Array((to - from) * stride);
  planes.forEach((plane, c) => {
    for (let y = from; y < to; y++) {
      const at = (y - from) * stride + 1 + c;
      for (let x = 0; x < width; x++) rows[at + x * channels] = plane[y * width + x]!;
    }
  });
  return rows;
}

/** What is drawn of a picture: brightness from 0 to 255 of one channel, gray, or of three, red, green and blue. */
export type Strip = readonly Uint8Array[];

/**
 * Encodes a picture as a PNG file, 8 bits per channel, piece by piece.
 *
 * @param strips The picture from the top, each `[rows * width]` for each channel, row by row.
 * @param size Pixels of a row, rows of all strips together, channels.
 * @param when Begins to compress a piece of so many bytes when that may be done; by default at once.
 * @returns The bytes of the file; in one runtime the same for the same strips.
 *
 * @example
 * ```ts
 * import { encodeStrips } from "./png.ts";
 * import { decode } from "npm:fast-png@8.0.0";
 * import assert from "node:assert/strict";
 *
 * const png = await encodeStrips([[Uint8Array.of(0, 255)], [Uint8Array.of(7, 8)]], { width: 2, height: 2, channels: 1 });
 * assert.deepEqual([...decode(png).data], [0, 255, 7, 8]);
 * ```
 */
export async function encodeStrips(
  strips: Iterable<Strip> | AsyncIterable<Strip>,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
  when: <T>(bytes: number, body: () => T) => Promise<T> = async (_, body) => await body(),
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 1 ? 0 : 2;
  const parts = [SIGNATURE, chunk("IHDR", header)];
  const { readable, writable } = new CompressionStream("deflate"), writer = writable.getWriter();
  const read = (async () => {
    for await (const bytes of readable) if (bytes.length > 0) parts.push(chunk("IDAT", bytes));
  })();
  const write = async () => {
    const rows = Math.max(1, Math.floor(PIECE / (width * channels)));
    for await (const planes of strips) {
      const all = planes[0]!.length / width;
      for (let from = 0; from < all; from += rows) {
        const to = Math.min(all, from + rows);
        await writer.write(await when((to - from) * width * channels, () => filtered(planes, width, from, to)));
      }
    }
    await writer.close();
  };
  try {
    await Promise.all([write(), read]);
  } catch (error) {
    // Whichever failed first ends the other; what that says is not what went wrong.
    writer.abort(error).catch(() => {});
    read.catch(() => {});
    throw error;
  }
  parts.push(chunk("IEND"));
  const file = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * Encodes a picture as a PNG file, 8 bits per channel.
 *
 * @param planes Its channels, `[height * width]` each, row by row from the top left.
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
export function encodePng(planes: Strip, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  return encodeStrips([planes], { width, height, channels: planes.length });
}
