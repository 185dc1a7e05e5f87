/** What the rounds of a report found, and how to ask for it. */
import type { Result } from "../result.ts";
import { median } from "../timing.ts";
import type { Outcome } from "./jobs.ts";

/** One round: what each job found, by its id. Jobs that were left out, or could not be run, are not in it. */
export type Round = Readonly<Record<string, Outcome>>;

/** Conditions that a result must meet, such as `{ batch: 128, threads: 2 }`. */
export type Where = Readonly<Record<string, unknown>>;

/** A job's results of one round that meet the conditions. */
export function results(round: Round, job: string, where: Where = {}): Result[] {
  const outcome = round[job];
  if (!outcome || "failed" in outcome) return [];
  return outcome.results.filter((result) => Object.entries(where).every(([name, value]) => result[name] === value));
}

/** One number of a job; undefined if there is none. */
export function number(round: Round, job: string, name: string, where: Where = {}): number | undefined {
  return results(round, job, where)[0]?.[name] as number | undefined;
}

/** Seconds that a job's process took. */
export function wall(round: Round, job: string): number | undefined {
  const outcome = round[job];
  return outcome && "wall" in outcome ? outcome.wall : undefined;
}

/** The least and the greatest of those that are there; undefined if none is. */
export const least = (...values: (number | undefined)[]): number | undefined => extreme(Math.min, values);
export const greatest = (...values: (number | undefined)[]): number | undefined => extreme(Math.max, values);

function extreme(of: (...values: number[]) => number, values: (number | undefined)[]): number | undefined {
  const there = values.filter((value) => value !== undefined);
  return there.length > 0 ? of(...there) : undefined;
}

/** All of them together, if all are there. */
export function sum(...values: (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (total, value) => total === undefined || value === undefined ? undefined : total + value,
    0,
  );
}

/** a / b, if both are there. */
export function ratio(a?: number, b?: number): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

/** A job's results with the median over rounds for each number; a job prints the same lines each time. */
export function merged(rounds: readonly Round[], job: string): Result[] {
  const all = rounds.map((round) => results(round, job)).filter((list) => list.length > 0);
  return (all[0] ?? []).map((_, line) => merge(all.map((list) => list[line])) as Result);
}

function merge(values: readonly unknown[]): unknown {
  const [first] = values;
  if (typeof first === "number") return median(values.filter((value) => typeof value === "number"));
  if (first === null || typeof first !== "object" || Array.isArray(first)) return first;
  const names = Object.keys(first) as (keyof typeof first)[];
  return Object.fromEntries(names.map((name) => [name, merge(values.map((value) => (value as typeof first)?.[name]))]));
}
