import { createGunzip } from "node:zlib";
import { checkOptions, type Names } from "../checks/options.ts";
import { showText } from "../checks/show.ts";
import { DataError } from "./data_error.ts";

/** Options of {@linkcode decompress}. */
export type DecompressOptions = {
  /** Most bytes that may come out; default 256 MiB, or 64 times the compressed bytes where these are more. */
  readonly maxBytes?: number | undefined;
  /**
   * Returns the length that the decompressed bytes claim for themselves, if they do, from their first 64: decompression
   * ends with an error at the first byte past it.
   */
  readonly lengthOf?: ((start: Uint8Array) => number | undefined) | undefined;
};

const OPTIONS: Names<DecompressOptions> = { maxBytes: true, lengthOf: true };

/** Bytes from which `lengthOf` has to know the length. */
const START = 64;

/** Whether bytes are gzip, by the first two of them. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip, which is recognized by its first two bytes, `1f 8b`, and never by the file's name. Several members
 * one after the other are one file, as `cat a.gz b.gz` makes it. A small file may stand for a thousand times as many bytes:
 * no more memory is taken than it may have.
 *
 * @param bytes The whole file, compressed or not.
 * @param name What to call the file in error messages.
 * @param options `maxBytes`, and `lengthOf`, from which the memory is taken at once.
 * @returns The decompressed bytes, or `bytes` itself if it is not gzip.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `maxBytes` is not an integer of at least 0.
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
  const action = `Cannot decompress ${showText(name)}`;
  const { maxBytes = Math.max(2 ** 28, 64 * bytes.length), lengthOf } = checkOptions(action, options, OPTIONS);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw new RangeError(`${action}: expected maxBytes to be an integer of at least 0, got ${maxBytes}`);
  }
  if (!isGzip(bytes)) return bytes;
  const fail = (wanted: string, got: string | number, cause?: unknown): never => {
    throw new DataError(`${action}: expected ${wanted}, got ${got}`, { cause });
  };
  const stream = createGunzip();
  let out = new Uint8Array(START), length = 0, claimed: number | undefined;
  /** Makes room for so many bytes. */
  const grow = (size: number) => {
    const larger = new Uint8Array(size);
    larger.set(out.subarray(0, Math.min(length, size)));
    out = larger;
  };
  const take = (chunk: Uint8Array) => {
    const end = length + chunk.length;
    if (claimed !== undefined && end > claimed) fail(`${claimed} bytes as its header says`, "more");
    if (end > maxBytes) fail(`at most ${maxBytes} bytes`, "more");
    if (end > out.length) grow(Math.min(maxBytes, Math.max(end, 2 * out.length)));
    out.set(chunk, length);
    length = end;
  };
  stream.end(bytes);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      const start = length < START ? Math.min(START - length, chunk.length) : 0;
      take(chunk.subarray(0, start));
      if (length >= START && start > 0) {
        claimed = lengthOf?.(out.subarray(0, START));
        if (claimed !== undefined) {
          if (claimed > maxBytes) fail(`at most ${maxBytes} bytes`, `a header that claims ${claimed}`);
          grow(Math.max(claimed, length)); // untouched, memory that is claimed and not filled is not taken
        }
      }
      take(chunk.subarray(start));
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
  return length === out.length ? out : out.slice(0, length);
}
