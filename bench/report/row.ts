/** What is to be reached, and how it is told from one round's results. */
import type { Round } from "./rounds.ts";

/** How a number is written. */
export type Unit = "%" | "times" | "ms" | "MB" | "KB";

/** One row. The value is of one round: ratios are of measurements that stand beside each other. */
export type Row = {
  readonly what: string;
  readonly reach: number;
  readonly unit: Unit;
  /** Whether more is better. */
  readonly atLeast: boolean;
  /** The jobs without which there is no value. */
  readonly needs: readonly string[];
  value(round: Round): number | undefined;
};

export const atLeast = true, atMost = false;

/** A row; percents are fractions. */
export function row(
  what: string,
  reach: number,
  unit: Unit,
  direction: boolean,
  needs: string[],
  value: Row["value"],
): Row {
  return { what, reach, unit, atLeast: direction, needs, value };
}
