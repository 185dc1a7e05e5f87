/** IDX files on the disk, plain or compressed. Nothing is read further than a header that makes sense says. */
import { showText } from "../checks/show.ts";
import { DataError } from "./data_error.ts";
import { decompress, isGzip } from "./gunzip.ts";
import { type Idx, readIdx, readIdxHeader, unreadable } from "./idx.ts";

/** Bytes that are read first: the longest header has 20, and other formats are recognized by a few more. */
const START = 64;

/**
 * Reads an IDX file, plain or compressed. Devices and pipes, which may never end, are refused; so is, before it is read, a
 * file of another format, or of another size than its header says.
 *
 * @param path The file.
 * @throws {DataError} What was got and what was wanted.
 */
export async function readIdxFile(path: string): Promise<Idx> {
  // Before it is opened: to open a pipe is to wait for its writer.
  const info = await statOf(path);
  if (info && !info.isFile && !info.isDirectory) {
    throw new DataError(
      `Cannot read ${showText(path)}: expected a regular file, got a device or a pipe, which may never end`,
    );
  }
  using file = await Deno.open(path).catch((error) => refuse(path, error));
  const { size } = await file.stat(), start = await readBytes(path, file, Math.min(size, START));
  if (isGzip(start)) {
    const lengthOf = (start: Uint8Array) => readIdxHeader(start, path).length;
    return readIdx(await decompress(await readBytes(path, file, size, start), path, { lengthOf }), path);
  }
  const { shape, length } = readIdxHeader(start, path);
  if (size !== length) throw unreadable(path, `${length} bytes for shape [${shape.join(", ")}]`, size);
  return readIdx(await readBytes(path, file, size, start), path);
}

/** The next bytes of a file, after those that were read before, until there are so many, or no more. */
async function readBytes(
  path: string,
  file: Deno.FsFile,
  size: number,
  before: Uint8Array = new Uint8Array(),
): Promise<Uint8Array> {
  try {
    const bytes = new Uint8Array(size);
    bytes.set(before);
    for (let at = before.length; at < size;) {
      const read = await file.read(bytes.subarray(at));
      if (read === null) return bytes.subarray(0, at);
      at += read;
    }
    return bytes;
  } catch (error) {
    return refuse(path, error);
  }
}

/** What is at the path, or undefined if nothing is. */
export async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? undefined : refuse(path, error);
  }
}

/** Throws what went wrong with a file as a mistake of the user's, except a permission that Deno was not given. */
function refuse(path: string, cause: unknown): never {
  if (!(cause instanceof Error) || cause instanceof Deno.errors.NotCapable) throw cause;
  throw new DataError(`Cannot read ${showText(path)}: expected a readable file, got "${showText(cause.message)}"`, {
    cause,
  });
}
