import type { Metrics } from "../api/loss.ts";
import type { EpochEvent } from "../train.ts";
import { append, writeAtomically } from "./checkpoint_file.ts";

/** The terms of the test set: its loss by the objective that is trained with, and the ELBO beside it. */
export type TestMetrics = Metrics & { readonly elbo: number };

/** What is known of an epoch: a line of metrics.jsonl, and of stdout with `--json`. Losses in nats per image. */
export type EpochRecord = {
  readonly epoch: number;
  readonly step: number;
  readonly train: Metrics;
  readonly test: TestMetrics;
  readonly seconds: number;
  readonly examplesPerSecond: number;
};

/** The record of an epoch that was evaluated; the clock is good for milliseconds, not for fifteen digits. */
export function toRecord(
  { epoch, step, train, test, seconds, examplesPerSecond }: Omit<EpochEvent, "kind" | "state" | "warnings">,
): EpochRecord {
  const { loss, reconstruction, kl, elbo } = test!;
  return {
    epoch,
    step,
    train,
    test: { loss, reconstruction, kl, elbo },
    seconds: Math.round(seconds * 1000) / 1000,
    examplesPerSecond: Math.round(examplesPerSecond),
  };
}

/** metrics.jsonl: one JSON object an epoch, a line each. */
export class MetricsFile {
  readonly #path: string;
  readonly #records: EpochRecord[];

  private constructor(path: string, records: EpochRecord[]) {
    this.#path = path;
    this.#records = records;
  }

  /** The epochs so far. */
  get records(): readonly EpochRecord[] {
    return this.#records;
  }

  /**
   * Begins the file. Of the run that is gone on with, the lines of finished epochs stay as they are; a line of an epoch
   * that the checkpoint knows nothing of, or one that a kill cut short, is dropped, since that epoch is computed anew.
   *
   * @param path The file.
   * @param before The file of that run, which may be the same, and how many epochs its checkpoint has finished.
   */
  static async begin(path: string, before?: { path: string; epochs: number }): Promise<MetricsFile> {
    const lines = before ? (await readLines(before.path)).filter(({ record }) => record.epoch <= before.epochs) : [];
    await writeAtomically(path, encode(lines.map(({ line }) => `${line}\n`).join("")));
    return new MetricsFile(path, lines.map(({ record }) => record));
  }

  /** Adds the line of the next epoch. */
  async add(record: EpochRecord): Promise<void> {
    await append(this.#path, encode(`${JSON.stringify(record)}\n`));
    this.#records.push(record);
  }
}

/** The epochs in a metrics.jsonl, in their order; a line that is not whole is passed over, and without a file there is none. */
export async function readRecords(path: string): Promise<EpochRecord[]> {
  return (await readLines(path)).map(({ record }) => record);
}

/** The last line of each epoch that is whole, in the order of the epochs. */
async function readLines(path: string): Promise<{ line: string; record: EpochRecord }[]> {
  const kept = new Map<number, { line: string; record: EpochRecord }>();
  for (const line of (await readText(path)).split("\n")) {
    const record = parse(line);
    if (record) kept.set(record.epoch, { line, record });
  }
  return [...kept.values()].sort((a, b) => a.record.epoch - b.record.epoch);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The file's text; none if there is no file, as with a checkpoint that was moved on its own. */
async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** The record of a line, if it is whole. */
function parse(line: string): EpochRecord | undefined {
  const numbers = (metrics: Metrics) =>
    [metrics.loss, metrics.reconstruction, metrics.kl].every((value) => typeof value === "number");
  try {
    const record: EpochRecord = JSON.parse(line);
    if (!Number.isInteger(record.epoch) || !numbers(record.train) || !numbers(record.test)) return undefined;
    const { reconstruction, kl, elbo = -reconstruction - kl } = record.test; // elbo 0.1 did not write it
    return { ...record, test: { ...record.test, elbo } };
  } catch {
    return undefined;
  }
}
