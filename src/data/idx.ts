/**
 * The IDX format, in which MNIST and the datasets made in its likeness are kept, and the gzip around it.
 *
 * ```text
 * byte 0, 1             zero
 * byte 2                element type: 0x08 is an unsigned byte
 * byte 3                n, the number of dimensions
 * byte 4 to 4 + 4n      the dimensions, big-endian uint32
 * the rest              the elements, the last dimension fastest
 * ```
 */
import { createGunzip } from "node:zlib";
import { checkOptions, type Names } from "../checks/options.ts";
import { showText } from "../checks/show.ts";
import { DataError } from "./data_error.ts";

/** An array of unsigned bytes: `data` holds as many as the product of `shape`, the last dimension fastest. */
export type Idx = {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
};

const UNSIGNED_BYTE = 0x08;
const MAX_DIMENSIONS = 4;

const ELEMENT_TYPES: Readonly<Record<number, string>> = {
  0x08: "unsigned byte",
  0x09: "signed byte",
  0x0b: "short",
  0x0c: "int",
  0x0d: "float",
  0x0e: "double",
};

/**
 * Parses an IDX file of unsigned bytes with 1 to 4 dimensions.
 *
 * @param bytes The whole file, already decompressed.
 * @param name What to call the file in error messages.
 * @returns The shape, and the elements as a view of `bytes`: nothing is copied.
 * @throws {DataError} If the magic number is wrong, the element type is not unsigned byte, or the file is shorter or
 * longer than its own header says.
 *
 * @example
 * ```ts
 * import { readIdx } from "@elbo/elbo";
 * import { deepEqual } from "node:assert/strict";
 *
 * const labels = readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1), "labels");
 * deepEqual(labels, { shape: [3], data: Uint8Array.of(7, 2, 1) });
 * ```
 */
export function readIdx(bytes: Uint8Array, name: string): Idx {
  const fail = (expected: string, got: string | number): never => {
    throw new DataError(`Cannot read IDX file ${showText(name)}: expected ${expected}, got ${got}`);
  };

  if (bytes.length < 4) fail("a header of at least 4 bytes", bytes.length);
  const [zero0, zero1, elementType, dimensions] = bytes as Iterable<number> as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0) {
    fail(`magic number 0x00000801 to 0x0000080${MAX_DIMENSIONS}`, `0x${hex(bytes.subarray(0, 4))}`);
  }
  if (elementType !== UNSIGNED_BYTE) {
    const known = ELEMENT_TYPES[elementType] ?? "unknown";
    fail("element type 0x08 (unsigned byte)", `0x${hex(Uint8Array.of(elementType))} (${known})`);
  }
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) fail(`1 to ${MAX_DIMENSIONS} dimensions`, dimensions);

  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < headerLength) {
    fail(`a header of ${headerLength} bytes for dimension count ${dimensions}`, bytes.length);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerLength);
  const shape = Array.from({ length: dimensions }, (_, i) => header.getUint32(4 + 4 * i));
  // Four dimensions of 32 bits may exceed what a double counts exactly; a product within it is exact at every step.
  const length = headerLength + shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(length)) fail(`at most ${Number.MAX_SAFE_INTEGER} bytes`, `shape [${shape.join(", ")}]`);
  if (bytes.length !== length) fail(`${length} bytes for shape [${shape.join(", ")}]`, bytes.length);
  return { shape, data: bytes.subarray(headerLength) };
}

/**
 * Returns the bytes that an IDX file has by its own header.
 *
 * @param start The first bytes of the file.
 * @returns The length; undefined while the header is not whole, or if it is none.
 */
export function idxLength(start: Uint8Array): number | undefined {
  if (start.length < 4 || start[0] !== 0 || start[1] !== 0) return undefined;
  const dimensions = start[3], header = 4 + 4 * dimensions!;
  if (dimensions! > MAX_DIMENSIONS || start.length < header) return undefined;
  const view = new DataView(start.buffer, start.byteOffset, header);
  let length = 1;
  for (let i = 0; i < dimensions!; i++) length *= view.getUint32(4 + 4 * i);
  return header + length;
}

/** Options of {@linkcode decompress}. */
export type DecompressOptions = {
  /** Most bytes that may come out; default 2^32. */
  readonly maxBytes?: number | undefined;
  /**
   * Returns the length that the decompressed bytes claim for themselves, from those that there are so far, such as
   * {@linkcode idxLength}: decompression ends with an error one byte past it.
   */
  readonly lengthOf?: (start: Uint8Array) => number | undefined;
};

const OPTIONS: Names<DecompressOptions> = { maxBytes: true, lengthOf: true };

/** Bytes that one byte of gzip can stand for at the most (RFC 1951): a length beyond that cannot be true. */
const MOST_RATIO = 1032;

/**
 * Decompresses gzip, which is recognized by its first two bytes, `1f 8b`, and never by the file's name. Several members
 * one after the other are one file, as `cat a.gz b.gz` makes it.
 *
 * @param bytes The whole file, compressed or not.
 * @param name What to call the file in error messages.
 * @param options `maxBytes`, and `lengthOf`, so that a small file cannot take memory without end.
 * @returns The decompressed bytes, or `bytes` itself if it is not gzip.
 * @throws {TypeError} If an option is unknown.
 * @throws {DataError} If the gzip stream is damaged, cut short, followed by anything else, or larger than allowed.
 *
 * @example
 * ```ts
 * import { decompress } from "@elbo/elbo";
 * import { deepEqual } from "node:assert/strict";
 *
 * const plain = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7);
 * const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream("gzip"));
 * const gzipped = await new Response(stream).bytes();
 * deepEqual(await decompress(gzipped, "labels.gz"), plain);
 * deepEqual(await decompress(plain, "labels"), plain);
 * ```
 */
export async function decompress(
  bytes: Uint8Array,
  name: string,
  options: DecompressOptions = {},
): Promise<Uint8Array> {
  const { maxBytes = 2 ** 32, lengthOf } = checkOptions(`Cannot decompress ${showText(name)}`, options, OPTIONS);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const fail = (wanted: string, got: string, cause?: unknown): never => {
    throw new DataError(`Cannot decompress ${showText(name)}: expected ${wanted}, got ${got}`, { cause });
  };
  const stream = createGunzip(), chunks: Uint8Array[] = [];
  let length = 0, claimed: number | undefined;
  stream.end(bytes);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      claimed ??= lengthOf?.(chunks.length === 1 ? chunk : joined(chunks, length));
      const most = Math.min(maxBytes, claimed ?? Infinity);
      if (length > most || (claimed ?? 0) > maxBytes) {
        fail(claimed === undefined ? `at most ${maxBytes} bytes` : `${claimed} bytes as its header says`, "more");
      }
      if ((claimed ?? 0) > MOST_RATIO * bytes.length) {
        fail("a header that tells its size", `one of ${claimed} bytes in a file of ${bytes.length}`);
      }
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = showText(cause instanceof Error ? cause.message : String(cause));
    fail("whole gzip streams", `${bytes.length} damaged bytes (${reason})`, cause);
  } finally {
    stream.destroy();
  }
  if (stream.bytesWritten < bytes.length) {
    fail("whole gzip streams", `${bytes.length - stream.bytesWritten} bytes of something else after them`);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
