/**
 * The header of a safetensors file, between its JSON text and checked records: which tensor has which type and shape and
 * lies where. `safetensors.ts` is the face of the format; this file knows no bytes but the header's rules.
 */
import { mismatch } from "./checkpoint_error.ts";
import { show } from "./checks/show.ts";

/** Bytes of one element, by type; widest first, which is the order tensors take in a file we write. */
const ELEMENT_BYTES = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
const DTYPES = Object.keys(ELEMENT_BYTES);
const METADATA = "__metadata__";

/** The element types that can be read and written, by their names in the format. */
export type Dtype = keyof typeof ELEMENT_BYTES;

/** One tensor's line in the header; `begin` and `end` count bytes from the start of the data section. */
export type Span = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

/** What a header says: the tensors in the order of their bytes, and free text by key. */
export type Header = { readonly spans: readonly Span[]; readonly metadata: Record<string, string> };

type Action = "read" | "write";

/**
 * Lays tensors out one after the other: widest elements first, then by name, so that each is aligned to its element size
 * and the order in which they were given does not show.
 *
 * @param tensors Name, type, shape and present bytes of each tensor.
 * @returns One span for each, in the order of their bytes, without holes.
 * @throws {CheckpointError} If a name, type or shape is not valid, or if the data has another size than they say.
 *
 * @example A byte and a float
 * ```ts
 * import { layout } from "./safetensors_header.ts";
 * import assert from "node:assert/strict";
 *
 * const byte = { dtype: "U8", shape: [], data: new Uint8Array(1) } as const;
 * const float = { dtype: "F32", shape: [], data: new Uint8Array(4) } as const;
 * const spans = layout(new Map<string, typeof byte | typeof float>([["byte", byte], ["float", float]]));
 * assert.deepEqual(spans.map(({ name, begin }) => [name, begin]), [["float", 0], ["byte", 4]]);
 * ```
 */
export function layout(
  tensors: ReadonlyMap<string, Pick<Span, "dtype" | "shape"> & { readonly data: Uint8Array }>,
): Span[] {
  const rank = ({ dtype }: { dtype: Dtype }) => DTYPES.indexOf(dtype);
  let end = 0;
  return [...tensors].sort(([a, s], [b, t]) => rank(s) - rank(t) || byCodeUnits(a, b)).map(
    ([name, { dtype, shape, data }]) => {
      checkName("write", name);
      if (!(data instanceof Uint8Array)) {
        throw mismatch("write", `a Uint8Array as data of ${label(name)}`, "another type");
      }
      const begin = end;
      end += tensorBytes("write", name, dtype, shape);
      checkSize("write", { name, dtype, shape, begin, end }, data.length);
      return { name, dtype, shape, begin, end };
    },
  );
}

/**
 * Writes a header as JSON. Members are joined by hand, because a JavaScript object would move names such as "0" to the
 * front and swallow one such as "__proto__".
 *
 * @param header Checked spans, and metadata of which own enumerable properties are written, ordered by key.
 * @returns The JSON text, not padded; without `__metadata__` if there is none.
 * @throws {CheckpointError} If the metadata is not well-formed text by well-formed keys.
 *
 * @example A header without tensors
 * ```ts
 * import { formatHeader } from "./safetensors_header.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(formatHeader({ spans: [], metadata: { by: "elbo" } }), '{"__metadata__":{"by":"elbo"}}');
 * ```
 */
export function formatHeader({ spans, metadata }: Header): string {
  const texts = Object.entries(metadata).sort(([a], [b]) => byCodeUnits(a, b));
  for (const [key, text] of texts) checkText("write", key, text);
  const member = (key: string, json: string) => `${JSON.stringify(key)}:${json}`;
  const members = spans.map(({ name, dtype, shape, begin, end }) =>
    member(name, JSON.stringify({ dtype, shape, data_offsets: [begin, end] }))
  );
  if (texts.length > 0) {
    members.unshift(member(METADATA, `{${texts.map(([key, text]) => member(key, JSON.stringify(text))).join(",")}}`));
  }
  return `{${members.join(",")}}`;
}

/**
 * Reads and checks a header. Members of an entry other than `dtype`, `shape` and `data_offsets` are ignored. Of a
 * duplicate name the last one counts, since `JSON.parse` hides the others; their bytes, if any, are refused as a hole.
 *
 * @param text The JSON text, padded or not.
 * @returns Spans that cover the data section from byte 0 without holes or overlap, and metadata as own properties.
 * @throws {CheckpointError} If the text is not a valid header.
 *
 * @example A header of one scalar
 * ```ts
 * import { parseHeader } from "./safetensors_header.ts";
 * import assert from "node:assert/strict";
 *
 * const { spans } = parseHeader('{"beta":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  ');
 * assert.deepEqual(spans, [{ name: "beta", dtype: "F32", shape: [], begin: 0, end: 4 }]);
 * ```
 */
export function parseHeader(text: string): Header {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw mismatch("read", "a header in JSON", "text that is not", cause);
  }
  if (!isObject(value)) throw mismatch("read", "a header that is an object", show(value));
  const metadata = Object.hasOwn(value, METADATA) ? readMetadata(value[METADATA]) : {};
  const spans = Object.entries(value).filter(([name]) => name !== METADATA).map(readSpan)
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let previous = 0;
  for (const { name, begin, end } of spans) {
    if (begin !== previous) throw mismatch("read", `${label(name)} to begin at byte ${previous} of the data`, begin);
    previous = end;
  }
  return { spans, metadata };
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) throw mismatch("read", `${METADATA} to be an object`, show(value));
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, checkText("read", key, text)]));
}

function readSpan([name, value]: [string, unknown]): Span {
  checkName("read", name);
  if (!isObject(value)) throw mismatch("read", `${label(name)} to be an object`, show(value));
  const own = (key: string) => Object.hasOwn(value, key) ? value[key] : undefined;
  const [dtype, shape, offsets] = [own("dtype"), own("shape"), own("data_offsets")];
  const size = tensorBytes("read", name, dtype, shape);
  const [begin, end, ...more] = Array.isArray(offsets) ? offsets : [];
  if (!isCount(begin) || !isCount(end) || more.length > 0 || begin > end) {
    throw mismatch("read", `two ascending integers as data_offsets of ${label(name)}`, show(offsets));
  }
  const span = { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
  checkSize("read", { ...span, end: begin + size }, end - begin);
  return span;
}

/** The bytes that a tensor takes, once its type and shape are found valid. */
function tensorBytes(action: Action, name: string, dtype: unknown, shape: unknown): number {
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw mismatch(action, `one of ${DTYPES.join(", ")} as dtype of ${label(name)}`, show(dtype));
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw mismatch(action, `an array of non-negative integers as shape of ${label(name)}`, show(shape));
  }
  let size: number = ELEMENT_BYTES[dtype as Dtype];
  for (const length of shape) {
    size *= length;
    if (!Number.isSafeInteger(size)) {
      throw mismatch(action, `${label(name)} to have at most 2^53 - 1 bytes`, `shape ${show(shape)}`);
    }
  }
  return size;
}

function checkSize(action: Action, { name, dtype, shape, begin, end }: Span, got: number): void {
  if (got === end - begin) return;
  throw mismatch(action, `${end - begin} bytes for ${label(name)} (${dtype}, shape ${show(shape)})`, got);
}

/** Text with lone surrogates is refused, since it has no UTF-8 and other readers refuse it. */
function checkName(action: Action, name: string): void {
  if (name === METADATA) throw mismatch(action, `tensors not named ${METADATA}`, "one");
  if (!name.isWellFormed()) throw mismatch(action, "tensor names in well-formed Unicode", show(name));
}

function checkText(action: Action, key: string, text: unknown): string {
  if (typeof text !== "string") throw mismatch(action, `metadata ${show(key)} to be a string`, show(text));
  if (!key.isWellFormed() || !text.isWellFormed()) {
    throw mismatch(action, "metadata in well-formed Unicode", `${show(key)}: ${show(text)}`);
  }
  return text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function label(name: string): string {
  return `tensor ${show(name)}`;
}
