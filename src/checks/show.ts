/** Characters of a foreign value that a message repeats. */
const SHOWN = 200;

/** Members of a foreign array that a message repeats. */
const LISTED = 8;

/** Characters that a terminal would obey, or that would hide or reorder what stands beside them. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

/** A text of any length with control characters, bidirectional marks and lone surrogates written as `\u001b`. */
export function escaped(text: string): string {
  return text.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * A text that somebody else wrote, fit for an error message or a terminal: at most 200 characters, with control
 * characters, bidirectional marks and lone surrogates written as `\u001b`.
 *
 * @param text Any text, such as a file's name or the beginning of a response.
 * @param most Characters that are kept.
 * @returns The text, with `…` at its end if it was cut.
 */
export function showText(text: string, most: number = SHOWN): string {
  // Cut first: the text may be as long as a file. Whole characters, so that no half of a pair is left at the end.
  const start = text.slice(0, 2 * most + 2), characters = Array.from(start);
  let shown = "";
  for (const character of characters.slice(0, most)) {
    const safe = escaped(character);
    if (shown.length + safe.length > most) return `${shown}…`;
    shown += safe;
  }
  return characters.length > most || text.length > start.length ? `${shown}…` : shown;
}

/**
 * A value from outside, in a few words for an error message: numbers as they are, texts in quotes, the first members of an
 * array, and of anything else what it is. Never longer than about 200 characters, whatever the value holds.
 *
 * @param value Any value.
 * @returns Its description, such as `1.5`, `"relu"`, `[3, NaN]`, `a Float32Array of 4`, `an object` or `none`.
 */
export function show(value: unknown): string {
  if (Array.isArray(value)) {
    const members = value.slice(0, LISTED).map((member) => Array.isArray(member) ? "an array" : showMember(member));
    return showText(`[${members.join(", ")}${value.length > LISTED ? ", …" : ""}]`);
  }
  return showMember(value);
}

function showMember(value: unknown): string {
  if (typeof value === "string") return `"${showText(value.slice(0, SHOWN + 1).replace(/["\\]/g, "\\$&"))}"`;
  if (value === undefined) return "none";
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${showText(`${value}`)}n`;
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "function") return `the function ${showText(value.name || "without a name", 60)}`;
  if (value === null || typeof value !== "object") return String(value);
  const name = nameOf(value);
  if (ArrayBuffer.isView(value) && "length" in value) return `${article(name)} of ${value.length}`;
  if (value instanceof ArrayBuffer) return `${article(name)} of ${value.byteLength} bytes`;
  return name === "Object" || name === "" ? "an object" : article(name);
}

/** The name of a value's class, which a foreign object may not have. */
function nameOf(value: object): string {
  const { constructor } = value;
  return typeof constructor === "function" ? showText(constructor.name, 60) : "";
}

function article(name: string): string {
  return `${/^[AEIOU](?!int|RL)/i.test(name) || name.startsWith("Int") ? "an" : "a"} ${name}`;
}
