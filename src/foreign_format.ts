/** Files that are often given in place of a model or of images: how they begin, as Latin-1, and what to do about them. */
const FORMATS: readonly (readonly [begins: RegExp, what: string])[] = [
  [/^$/, "an empty one"],
  [/^version https:\/\/git-lfs/, "a Git LFS pointer in place of the file; git lfs pull fetches it"],
  [/^(ï»¿)?\s*<[!?a-z]/i, "an HTML or XML page, such as an error of a server"],
  // deno-lint-ignore no-control-regex
  [/^PK\x03\x04/, "a ZIP archive, such as a pickled .pt of PyTorch; its weights have to be saved as safetensors"],
  // deno-lint-ignore no-control-regex
  [/^\x80[\x02-\x05]/, "a pickle, such as an older .pt of PyTorch; its weights have to be saved as safetensors"],
  [/^\x89HDF/, "an HDF5 file"],
  // deno-lint-ignore no-control-regex
  [/^\x1f\x8b/, "a gzip file; it has to be decompressed first"],
  [/^\x93NUMPY/, "a NumPy array"],
  // deno-lint-ignore no-control-regex
  [/^\x08[\x01-\x1f]\x12/, "an ONNX model"],
  // deno-lint-ignore no-control-regex
  [/^\0\0\x08[\x01-\x04]/, "an IDX file of data"],
  [/^(ï»¿)?\s*[[{]/, "a JSON text"],
];

/**
 * Recognizes formats that are often mistaken for the one that is wanted, by a file's first bytes: downloads that went
 * wrong, and models of other libraries.
 *
 * @param bytes The file, or its first 64 bytes.
 * @returns The format, with its article and what to do; undefined for any other, and for what may be safetensors.
 *
 * @example
 * ```ts
 * import { foreignFormat } from "./foreign_format.ts";
 * import assert from "node:assert/strict";
 *
 * const page = new TextEncoder().encode("<!doctype html><title>Not found</title>");
 * assert.equal(foreignFormat(page), "an HTML or XML page, such as an error of a server");
 * ```
 */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  // Safetensors begin with a length of eight bytes, which may look like anything, and "{".
  if (bytes[7] === 0 && bytes[8] === 0x7b) return undefined;
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  return FORMATS.find(([begins]) => begins.test(start))?.[1];
}
