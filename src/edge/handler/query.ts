import { showText } from "../../checks/show.ts";
import { describe, refuse } from "./refusal.ts";

/** The parameters of a query, by name. */
export type Query = Readonly<Record<string, string>>;

/**
 * Reads a query.
 *
 * @throws {Refusal} With status 400 if a parameter is there twice, or is none that there may be.
 */
export function readQuery(search: URLSearchParams, allowed: readonly string[]): Query {
  const query: Record<string, string> = Object.create(null), what = "Cannot read the query";
  for (const [name, value] of search) {
    if (!allowed.includes(name)) throw refuse(400, what, oneOf(allowed), showText(name));
    if (name in query) throw refuse(400, what, `${name} once`, "it twice");
    query[name] = value;
  }
  return query;
}

/** Names as a wish. */
export function oneOf(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : `nothing but ${names.join(", ")}`;
}

/** A parameter as the number that it stands for; as itself if it does not. */
export function numberOf(text: string): number | string {
  return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
}

/**
 * Checks an integer.
 *
 * @throws {Refusal} 400 if it is none; 422 if it is out of range.
 */
export function checkInteger(what: string, value: unknown, low: number, high: number): number {
  const wanted = `an integer from ${low} to ${high}`;
  if (!Number.isInteger(value)) throw refuse(400, what, wanted, describe(value));
  if (value as number < low || value as number > high) throw refuse(422, what, wanted, String(value));
  return value as number;
}
