import { showText } from "../../checks/show.ts";
import type { Array2D } from "../arrays.ts";
import { readBody } from "./body.ts";
import { checkInteger, numberOf, oneOf, type Query } from "./query.ts";
import { describe, refuse } from "./refusal.ts";
import { rowsOfBytes, rowsOfJson, type Wanted } from "./rows.ts";
import type { Service, Task } from "./service.ts";
import { checkStructure } from "./structure.ts";

/** Settings that a request may have beside its rows: fields of JSON, or parameters of the query. */
export type Field = "labels" | "seed" | "samples";

/** What a request with a body says. */
export type Input = {
  readonly rows: Array2D;
  /** What it says of its settings, each an integer or, of labels, several; not yet checked. */
  readonly fields: Partial<Record<Field, unknown>>;
};

const WHAT = "Cannot read the body";

/** Labels are one or several: `label=3`, `label=3,1,4`. */
function labelsOf(text: string): unknown {
  const parts = text.split(",").map(numberOf);
  return parts.length === 1 ? parts[0] : parts;
}

/** The settings that a query says. */
export function fieldsOfQuery({ label, seed, samples }: Query): Input["fields"] {
  return {
    ...label !== undefined && { labels: labelsOf(label) },
    ...seed !== undefined && { seed: numberOf(seed) },
    ...samples !== undefined && { samples: numberOf(samples) },
  };
}

function parse(bytes: Uint8Array, { maxBatch, cols }: Wanted): unknown {
  checkStructure(bytes, maxBatch, cols);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const wrong = error instanceof SyntaxError ? showText(error.message) : "bytes that are no UTF-8";
    const got = bytes.length === 0 ? "none" : wrong;
    throw refuse(400, WHAT, "JSON", got);
  }
}

/** The type of a body, of the two that there are. */
function typeOf({ headers }: Request): "json" | "bytes" {
  const header = headers.get("content-type") ?? "", [type = "", ...parameters] = header.toLowerCase().split(";");
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() || "identity";
  if (encoding !== "identity") throw refuse(415, WHAT, "no header content-encoding", showText(encoding));
  if (type.trim() === "application/octet-stream") return "bytes";
  const utf8 = parameters.every((text) => !/^\s*charset=/.test(text) || /^\s*charset="?utf-?8"?\s*$/.test(text));
  if (type.trim() === "application/json" && utf8) return "json";
  const wanted = "the header content-type to be application/json or application/octet-stream";
  throw refuse(415, WHAT, wanted, header === "" ? "none" : showText(header));
}

/**
 * Reads a request's body: `{ x: rows, labels?, seed?, samples? }` or just the rows as JSON, or float32 with their shape in
 * the header `x-shape`; and its query.
 *
 * @throws {Refusal} 400, 408, 413, 415, 422 or 503, with what is wrong with it.
 */
export async function readInput(
  { settings, bodies, turns }: Service,
  task: Task,
  query: Query,
  wanted: Wanted,
  allowed: readonly Field[],
): Promise<Input> {
  const { request } = task, type = typeOf(request), given = fieldsOfQuery(query);
  const bytes = await readBody(request, settings, bodies, task.body);
  task.alive();
  return await turns.run(task, type === "json" ? bytes.length : bytes.length / 16, "bytes", () => {
    if (type === "json") return inputOfJson(parse(bytes, wanted), given, wanted, allowed);
    return { rows: rowsOfBytes(bytes, request.headers.get("x-shape"), wanted), fields: given };
  });
}

function inputOfJson(body: unknown, given: Input["fields"], wanted: Wanted, allowed: readonly Field[]): Input {
  if (Array.isArray(body)) return { rows: rowsOfJson(body, wanted), fields: given };
  const { name } = wanted;
  const names = [name, ...allowed];
  if (typeof body !== "object" || body === null) {
    throw refuse(400, WHAT, `an array of rows or an object with ${names.join(", ")}`, describe(body));
  }
  const { [name]: rows, ...fields } = body as Record<string, unknown>;
  const strange = Object.keys(fields).find((field) => !(allowed as readonly string[]).includes(field));
  if (strange !== undefined) throw refuse(400, WHAT, oneOf(names), describe(strange));
  const twice = Object.keys(fields).find((field) => field in given);
  if (twice !== undefined) throw refuse(400, WHAT, `${twice} in the body or in the query`, "both");
  return { rows: rowsOfJson(rows, wanted), fields: { ...fields, ...given } };
}

/** The seed that a request names; 0 if it names none. */
export function seedOf({ seed = 0 }: Input["fields"]): number {
  return checkInteger("Cannot read seed", seed, 0, Number.MAX_SAFE_INTEGER);
}

/**
 * The labels that a request names, as options of what needs them.
 *
 * @param classes How many there are; 0 where there are none.
 * @param B How many examples they are for.
 * @throws {Refusal} 400 if they are missing, too many, or no integers; 422 if one is out of range.
 */
export function labelsFor(
  { labels }: Input["fields"],
  classes: number,
  B: number,
): { labels?: number | number[] | undefined } {
  const what = "Cannot read labels";
  if (classes === 0) {
    if (labels === undefined) return {};
    throw refuse(400, what, "none, since the model has no classes", describe(labels));
  }
  const each = (value: unknown, at: string) => checkInteger(`${what}${at}`, value, 0, classes - 1);
  if (!Array.isArray(labels)) {
    if (labels === undefined) throw refuse(400, what, `one in [0, ${classes}), or ${B}`, "none");
    return { labels: each(labels, "") };
  }
  if (labels.length !== B) throw refuse(400, what, `one in [0, ${classes}), or ${B}`, `${labels.length}`);
  return { labels: labels.map((value, i) => each(value, `[${i}]`)) };
}
