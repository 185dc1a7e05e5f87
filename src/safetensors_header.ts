/**
 * The header of a safetensors file, between its JSON text and checked records: which tensor has which type and shape and
 * lies where. `safetensors.ts` is the face of the format; this file knows no bytes but the header's rules.
 */
import { mismatch } from "./checkpoint_error.ts";
import { show } from "./checks/show.ts";
import { members } from "./json_members.ts";

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

/** Characters of a value in the header that is no text. */
const LONGEST_VALUE = 4096;

/** Most tensors, and most entries of metadata: each takes some hundred bytes of memory, however short it is in the file. */
const MOST = { tensors: 2 ** 13, metadata: 2 ** 12 } as const;

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
  checkNumber("write", "tensors", tensors.size);
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
  checkNumber("write", "metadata", texts.length);
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
 * Reads and checks a header, of which nothing is made but its spans and texts. Members of an entry other than `dtype`, `shape` and `data_offsets` are ignored. Of a
 * duplicate name the last one counts, as for `JSON.parse`; the bytes of the others, if any, are refused as a hole.
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
  const spans = new Map<string, Span>();
  let metadata: Record<string, string> = {};
  try {
    if (!isJsonObject(text)) throw mismatch("read", "a header that is an object", show(parse("a header", text)));
    for (const [name, value] of members(text)) {
      if (name === METADATA) metadata = readMetadata(value);
      else spans.set(name, readSpan(name, value));
      checkNumber("read", "tensors", spans.size);
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw mismatch("read", "a header in JSON", "text that is not", cause);
  }
  const sorted = [...spans.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let previous = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== previous) throw mismatch("read", `${label(name)} to begin at byte ${previous} of the data`, begin);
    previous = end;
  }
  return { spans: sorted, metadata };
}

/** A value that is short, so that whatever it turns out to be takes little memory. */
function parse(what: string, json: string): unknown {
  if (json.length > LONGEST_VALUE) {
    throw mismatch("read", `${what} in at most ${LONGEST_VALUE} characters`, json.length);
  }
  return JSON.parse(json);
}

function isJsonObject(text: string): boolean {
  return /^[ \t\r\n]*\{/.test(text);
}

function readMetadata(json: string): Record<string, string> {
  if (!isJsonObject(json)) throw mismatch("read", `${METADATA} to be an object`, show(parse(METADATA, json)));
  const entries: [string, string][] = [];
  for (const [key, text] of members(json)) {
    // A text of any length takes no more than its characters; other values are parsed for the message alone.
    const value = /^\s*"/.test(text) ? JSON.parse(text) : parse(`metadata ${show(key)}`, text);
    entries.push([key, checkText("read", key, value)]);
    checkNumber("read", "metadata", entries.length);
  }
  return Object.fromEntries(entries);
}

function readSpan(name: string, json: string): Span {
  checkName("read", name);
  const value = parse(label(name), json);
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

function checkNumber(action: Action, what: keyof typeof MOST, got: number): void {
  if (got <= MOST[what]) return;
  throw mismatch(action, `at most ${MOST[what]} ${what === "tensors" ? what : `entries of ${what}`}`, got);
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
