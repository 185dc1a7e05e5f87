import type { EpochRecord } from "./metrics_file.ts";

/** Title and width of each column. */
const COLUMNS: readonly (readonly [string, number])[] = [
  ["epoch", 5],
  ["train loss", 10],
  ["test loss", 9],
  ["test ELBO", 9],
  ["reconstr.", 9],
  ["KL", 6],
  ["examples/s", 10],
];

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padStart(COLUMNS[i]![1])).join("  ");
}

/** The line above the table. */
export function tableHead(): string {
  return row(COLUMNS.map(([title]) => title));
}

/** The line of an epoch, in nats per image; reconstruction and KL are the test set's. */
export function tableRow({ epoch, train, test, examplesPerSecond }: EpochRecord): string {
  const cells = [train.loss, test.loss, test.elbo, test.reconstruction, test.kl].map((nats) => nats.toFixed(2));
  return row([String(epoch), ...cells, count(examplesPerSecond)]);
}

/** A whole number with a comma after the thousands. */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}
