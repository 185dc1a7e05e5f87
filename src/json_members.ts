/**
 * Reads the members of a JSON object one by one, each value as text that is not parsed yet: `JSON.parse` makes up to fifty
 * bytes of a byte of brackets, and of a whole header from a stranger that is more memory than there may be.
 *
 * @param text The JSON text of an object, with whitespace around it or not. Values are delimited, not checked.
 * @returns Key and text of each value, in order, duplicates included.
 * @throws {SyntaxError} If the text is not delimited as an object is.
 *
 * @example
 * ```ts
 * import { members } from "./json_members.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...members('{"a": [1, {}], "b": "}"}')], [["a", " [1, {}]"], ["b", ' "}"']]);
 * assert.throws(() => [...members('{"a": 1,}')], SyntaxError);
 * ```
 */
export function* members(text: string): Generator<[key: string, value: string]> {
  let depth = 0, from = 0, key: unknown, some = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      while (++i < text.length && text[i] !== '"') if (text[i] === "\\") i++;
    } else if (c === "{" || c === "[") {
      if (++depth > 1) continue;
      if (c === "[" || !isBlank(text, from, i)) break;
      from = i + 1;
    } else if (c === ":" && depth === 1 && key === undefined) {
      key = JSON.parse(text.slice(from, i));
      if (typeof key !== "string") break;
      from = i + 1;
    } else if (c === "," ? depth === 1 : (c === "}" || c === "]") && --depth === 0) {
      if (typeof key === "string") yield [key, text.slice(from, i)];
      else if (c === "," || some || !isBlank(text, from, i)) break;
      from = i + 1, key = undefined, some = true;
      if (c === ",") continue;
      if (c === "}" && isBlank(text, from, text.length)) return;
      break;
    }
  }
  throw new SyntaxError("the text is no JSON object");
}

function isBlank(text: string, from: number, to: number): boolean {
  return /^[ \t\r\n]*$/.test(text.slice(from, to));
}
