import { show, showText } from "./show.ts";

/**
 * The names of an options type, each of them once: where the type gains or loses an option, the list no longer compiles.
 *
 * @typeParam T The options.
 */
export type Names<T> = { readonly [K in keyof Required<T>]: true };

/**
 * Options that may be left out, or be undefined, which means the same: so that they can be handed on as they came under
 * `exactOptionalPropertyTypes` too.
 *
 * @typeParam T The options, all of them given.
 */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * Options that are all there, with defaults for those that were left out.
 *
 * @typeParam T The options as they are given.
 */
export type Given<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Options that have another name now, or belong elsewhere: what to write instead, by the name that was given. */
export type Moved = Readonly<Record<string, string>>;

/**
 * Checks that options are an object with known names only: a misspelt option would be ignored without a word.
 *
 * @param action What cannot be done otherwise, such as `Cannot train`; it begins the message.
 * @param options The options as they were given; where they may be left out, undefined.
 * @param names The names that there are.
 * @param settings What the options are called in the message, such as `options`, or `encoder` for those of an encoder.
 * @param moved What to write in place of names that there were.
 * @returns The options; an empty object if they were left out.
 * @throws {TypeError} If they are no object, or one of them is unknown: the message names the nearest one that is known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const NAMES: Names<{ epochs: number; beta?: number | undefined }> = { epochs: true, beta: true };
 * assert.throws(
 *   () => checkOptions("Cannot train", { epochs: 3, bta: 4 } as { epochs: number }, NAMES),
 *   { message: 'Cannot train: unknown option "bta", did you mean "beta"? Known options are epochs and beta' },
 * );
 * ```
 */
export function checkOptions<T extends object>(
  action: string,
  options: T | undefined,
  names: Readonly<Record<string, true>>,
  settings = "options",
  moved: Moved = {},
): T {
  if (options === undefined) return {} as T;
  if (typeof options !== "object" || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw new TypeError(
      `${action}: expected ${settings} to be an object such as { ${sample(names)} }, got ${show(options)}`,
    );
  }
  for (const name in options) {
    if (Object.hasOwn(names, name)) continue;
    const what = `unknown ${settings === "options" ? "option" : `option of ${settings}`} "${showText(name, 60)}"`;
    if (Object.hasOwn(moved, name)) throw new TypeError(`${action}: ${what}; write ${moved[name]}`);
    const near = nearest(name, Object.keys(names));
    throw new TypeError(
      `${action}: ${what}${near === undefined ? "." : `, did you mean "${near}"?`} Known options are ${list(names)}`,
    );
  }
  return options;
}

function sample(names: Readonly<Record<string, true>>): string {
  const [first = "key"] = Object.keys(names);
  return `${first}: …`;
}

function list(names: Readonly<Record<string, true>>): string {
  const all = Object.keys(names), last = all.pop();
  return all.length > 0 ? `${all.join(", ")} and ${last}` : `${last}`;
}

/**
 * The known name that a wrong one was most likely meant to be: in other letters' case, the initials of its words (`lr` for
 * `learningRate`), one that it begins, or one that a few slips of the finger turn into it.
 *
 * @param name The wrong name.
 * @param known The names that there are.
 * @returns One of them; undefined if none is near.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.slice(0, 60).toLowerCase().replace(/[^a-z0-9]/g, "");
  const initials = (text: string) => plain(text.replace(/(?<=.)[a-z0-9]+/g, ""));
  const wrong = plain(name);
  if (wrong === "") return undefined;
  const direct = known.find((right) => plain(right) === wrong) ??
    known.find((right) => wrong.length > 1 && initials(right) === wrong) ??
    known.find((right) => wrong.length > 1 && plain(right).startsWith(wrong)) ??
    known.find((right) => right.length > 2 && wrong.startsWith(plain(right)));
  if (direct !== undefined) return direct;
  const [best] = known.map((right) => ({ right, slips: distance(wrong, plain(right)) }))
    .sort((a, b) => a.slips - b.slips);
  return best && best.slips <= Math.max(1, Math.floor(wrong.length / 3)) ? best.right : undefined;
}

/** Letters to insert, delete, replace or swap to make one text of another (Damerau 1964, of adjacent letters once). */
function distance(a: string, b: string): number {
  let before: number[] = [], last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1], swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        last[j]! + 1,
        row[j - 1]! + 1,
        last[j - 1]! + (same ? 0 : 1),
        swapped ? before[j - 2]! + 1 : Infinity,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
