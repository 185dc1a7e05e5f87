import type { EpochRecord } from "./metrics_file.ts";

/** Title and width of each column. */
const COLUMNS: readonly (readonly [string, number])[] = [
  ["epoch", 5],
  ["train loss", 10],
  ["reconstr.", 9],
  ["KL", 6],
  ["test loss", 9],
  ["reconstr.", 9],
  ["KL", 6],
  ["seconds", 7],
  ["examples/s", 10],
];

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padStart(COLUMNS[i][1])).join("  ");
}

/** The line above the table. */
export function tableHead(): string {
  return row(COLUMNS.map(([title]) => title));
}

/** The line of an epoch, losses in nats per image. */
export function tableRow({ epoch, train, test, seconds, examplesPerSecond }: EpochRecord): string {
  const losses = [train, test].flatMap(({ loss, reconstruction, kl }) => [loss, reconstruction, kl]);
  const cells = losses.map((nats) => nats.toFixed(2));
  return row([String(epoch), ...cells, seconds.toFixed(1), count(examplesPerSecond)]);
}

/** A whole number with a comma after the thousands. */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}
