/**
 * The safetensors file format, read and written in memory: eight bytes of header length (unsigned, little-endian), a
 * JSON header, then the tensors' bytes. https://github.com/huggingface/safetensors#format
 *
 * It depends on no runtime and no tensor library: tensors are named, shaped, little-endian bytes. A file is not trusted:
 * whatever bytes come in, reading them either succeeds or throws a {@linkcode CheckpointError}.
 */
import { mismatch } from "./checkpoint_error.ts";
import { foreignFormat } from "./foreign_format.ts";
import { type Dtype, formatHeader, layout, parseHeader, type Span } from "./safetensors_header.ts";

export type { Dtype };

const LENGTH_BYTES = 8; // of the header's length field, and the alignment of the data section
/** The reference implementation allows 100 MB; decoded and parsed, a header takes up to eight times its bytes. */
const MAX_HEADER_BYTES = 2 ** 21;
const LONGEST_HEADER = `a header of at most ${MAX_HEADER_BYTES} bytes`;
const OPEN_BRACE = 0x7b;
const SPACE = 0x20;

/** One tensor: element type, shape (`[]` for a scalar), and its elements, row-major, as little-endian bytes. */
export type TensorEntry = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
};

/** What a file holds: tensors by name, in the order of their bytes, and free text by key, as own properties. */
export type Safetensors = {
  readonly tensors: Map<string, TensorEntry>;
  readonly metadata: Record<string, string>;
};

/**
 * Writes tensors and metadata as a safetensors file. Its bytes depend on the contents alone, not on the order in which
 * they were given: tensors are ordered by element size and type, then by name, metadata by key. Every tensor begins at a
 * multiple of its element size. The arguments are borrowed.
 *
 * @param tensors The tensors by name; a name is well-formed Unicode and not `__metadata__`.
 * @param metadata Text by key, such as a configuration in JSON; own enumerable properties are written.
 * @returns The file's bytes, in a buffer of their own.
 * @throws {CheckpointError} If a tensor's data has another size than its type and shape say, if a name or text is not one
 * that the format can hold, or if the header exceeds 2 MiB.
 *
 * @example Two floats and a note
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
 * import assert from "node:assert/strict";
 *
 * const bias = { dtype: "F32", shape: [2], data: new Uint8Array(8) } as const;
 * const file = encodeSafetensors(new Map([["bias", bias]]), { note: "untrained" });
 * assert.equal(file.length % 8, 0);
 * assert.deepEqual(decodeSafetensors(file).metadata, { note: "untrained" });
 * ```
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorEntry>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const { head, spans } = encodeHead(tensors, metadata);
  const file = new Uint8Array(head.length + (spans.at(-1)?.end ?? 0));
  file.set(head);
  for (const { name, begin } of spans) file.set(tensors.get(name)!.data, head.length + begin);
  return file;
}

/**
 * What a file begins with, and which tensors' bytes follow in which order: for files that are sent piece by piece.
 *
 * @throws {CheckpointError} As {@linkcode encodeSafetensors}.
 */
export function encodeHead(
  tensors: ReadonlyMap<string, TensorEntry>,
  metadata: Readonly<Record<string, string>>,
): { readonly head: Uint8Array<ArrayBuffer>; readonly spans: readonly Span[] } {
  const spans = layout(tensors);
  const header = new TextEncoder().encode(formatHeader({ spans, metadata }));
  const headerLength = Math.ceil(header.length / LENGTH_BYTES) * LENGTH_BYTES;
  if (headerLength > MAX_HEADER_BYTES) throw mismatch("write", LONGEST_HEADER, headerLength);
  const head = new Uint8Array(LENGTH_BYTES + headerLength).fill(SPACE);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerLength), true);
  head.set(header, LENGTH_BYTES);
  return { head, spans };
}

/**
 * Reads a safetensors file. Everything is checked before anything is returned; the tensors cover the whole data section
 * without holes or overlap, so a file that was cut short or has bytes appended is refused.
 *
 * @param bytes The whole file.
 * @returns The metadata (`{}` if there is none), and the tensors, whose `data` are views of `bytes`, not copies. If
 * {@linkcode encodeSafetensors} wrote the file and `bytes` begins at a multiple of 8 in its buffer, each view is aligned to
 * its element size; otherwise it may not be.
 * @throws {CheckpointError} If the bytes are not a valid file, or hold a type that is not a {@linkcode Dtype}.
 *
 * @example A round trip
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
 * import assert from "node:assert/strict";
 *
 * const pixels = { dtype: "U8", shape: [1, 3], data: new Uint8Array([1, 2, 3]) } as const;
 * const { tensors } = decodeSafetensors(encodeSafetensors(new Map([["pixels", pixels]]), {}));
 * assert.deepEqual(tensors.get("pixels"), pixels);
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const foreign = foreignFormat(bytes);
  if (foreign) throw mismatch("read", "a safetensors file", foreign);
  const dataStart = LENGTH_BYTES + headerLengthOf(bytes);
  const { spans, metadata } = parseHeader(headerText(bytes, dataStart));
  const wanted = spans.at(-1)?.end ?? 0;
  const got = bytes.length - dataStart;
  if (got !== wanted) throw mismatch("read", `${wanted} bytes of data as its header says`, got);

  const tensors = new Map<string, TensorEntry>();
  for (const { name, dtype, shape, begin, end } of spans) {
    const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart + begin, end - begin);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

/** Returns the bytes after a file's header, which hold the tensors; the caller has decoded the file. */
export function dataSection(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(LENGTH_BYTES + headerLengthOf(bytes));
}

/** Returns the tensors' bytes in the order in which a file holds them, without a copy. */
export function dataParts(tensors: ReadonlyMap<string, TensorEntry>): Uint8Array[] {
  return layout(tensors).map(({ name }) => tensors.get(name)!.data);
}

function headerLengthOf(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) throw mismatch("read", `at least ${LENGTH_BYTES} bytes`, bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw mismatch("read", LONGEST_HEADER, length);
  const available = bytes.length - LENGTH_BYTES;
  if (length > available) throw mismatch("read", `${length} bytes of header as its length field says`, available);
  return Number(length);
}

function headerText(bytes: Uint8Array, dataStart: number): string {
  const view = bytes.subarray(LENGTH_BYTES, dataStart);
  const header = bytes.buffer instanceof ArrayBuffer ? view : view.slice(); // not every runtime decodes shared memory
  if (header[0] !== OPEN_BRACE) {
    throw mismatch("read", 'a header that begins with "{"', header.length > 0 ? `byte ${header[0]}` : "an empty one");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(header);
  } catch (cause) {
    throw mismatch("read", "a header in UTF-8", "bytes that are not", cause);
  }
}
