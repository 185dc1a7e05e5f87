/**
 * The IDX format, in which MNIST and the datasets made in its likeness are kept.
 *
 * ```text
 * byte 0, 1             zero
 * byte 2                element type: 0x08 is an unsigned byte
 * byte 3                n, the number of dimensions
 * byte 4 to 4 + 4n      the dimensions, big-endian uint32
 * the rest              the elements, the last dimension fastest
 * ```
 */
import { showText } from "../checks/show.ts";
import { foreignFormat } from "../foreign_format.ts";
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
  const { shape, begin, length } = readIdxHeader(bytes, name);
  if (bytes.length !== length) throw unreadable(name, `${length} bytes for shape [${shape.join(", ")}]`, bytes.length);
  return { shape, data: bytes.subarray(begin) };
}

/** What the header of an IDX file says: the shape, at which byte the elements begin, and how many bytes there are in all. */
export type IdxHeader = { readonly shape: readonly number[]; readonly begin: number; readonly length: number };

/**
 * Reads the header of an IDX file, so that nothing that is none is read further.
 *
 * @param bytes The file, or its first 20 bytes.
 * @param name What to call the file in error messages.
 * @throws {DataError} If it is no such header.
 */
export function readIdxHeader(bytes: Uint8Array, name: string): IdxHeader {
  const fail = (expected: string, got: string | number): never => {
    throw unreadable(name, expected, got);
  };
  if (bytes.length < 4) fail("a header of at least 4 bytes", bytes.length);
  const [zero0, zero1, elementType, dimensions] = bytes as Iterable<number> as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0) {
    const got = foreignFormat(bytes) ?? `0x${hex(bytes.subarray(0, 4))}`;
    fail(`magic number 0x00000801 to 0x0000080${MAX_DIMENSIONS}`, got);
  }
  if (elementType !== UNSIGNED_BYTE) {
    const known = ELEMENT_TYPES[elementType] ?? "unknown";
    fail("element type 0x08 (unsigned byte)", `0x${hex(Uint8Array.of(elementType))} (${known})`);
  }
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) fail(`1 to ${MAX_DIMENSIONS} dimensions`, dimensions);

  const begin = 4 + 4 * dimensions;
  if (bytes.length < begin) fail(`a header of ${begin} bytes for dimension count ${dimensions}`, bytes.length);
  const header = new DataView(bytes.buffer, bytes.byteOffset, begin);
  const shape = Array.from({ length: dimensions }, (_, i) => header.getUint32(4 + 4 * i));
  // Four dimensions of 32 bits may exceed what a double counts exactly; a product within it is exact at every step.
  const length = begin + shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(length)) fail(`at most ${Number.MAX_SAFE_INTEGER} bytes`, `shape [${shape.join(", ")}]`);
  return { shape, begin, length };
}

/** The error for a file that is not as it has to be. */
export function unreadable(name: string, wanted: string, got: string | number): DataError {
  return new DataError(`Cannot read IDX file ${showText(name)}: expected ${wanted}, got ${got}`);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
