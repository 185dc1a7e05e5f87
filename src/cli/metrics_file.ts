import type { Metrics } from "../api/loss.ts";
import type { EpochEvent } from "../train.ts";
import { readRegularFile } from "./checkpoint_file.ts";
import { UserError } from "./user_error.ts";
import { type OnKept, WatchedFile } from "./watched_file.ts";

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

/** metrics.jsonl: one JSON object per epoch, a line each. */
export class MetricsFile {
  readonly #file: WatchedFile;
  readonly #lines: string[];
  readonly #records: EpochRecord[];

  private constructor(file: WatchedFile, lines: readonly Line[]) {
    this.#file = file;
    this.#lines = lines.map(({ line }) => line);
    this.#records = lines.map(({ record }) => record);
  }

  /** The epochs so far. */
  get records(): readonly EpochRecord[] {
    return this.#records;
  }

  /**
   * Begins the file. Of the run that is gone on with, the lines of finished epochs stay as they are; a line of an epoch
   * that the checkpoint knows nothing of, or one that a kill cut short, is dropped, since that epoch is computed again.
   *
   * @param path The file.
   * @param onKept As {@linkcode WatchedFile} takes it.
   * @param before The file of that run, which may be the same, and how many epochs its checkpoint has finished.
   */
  static async begin(path: string, onKept: OnKept, before?: { path: string; epochs: number }): Promise<MetricsFile> {
    const lines = before ? (await readLines(before.path)).filter(({ record }) => record.epoch <= before.epochs) : [];
    const metrics = new MetricsFile(new WatchedFile(path, onKept), lines);
    await metrics.#writeAll();
    return metrics;
  }

  /**
   * Adds the line of the next epoch, once even if that has to be tried twice; if the file is not what it was, all lines are
   * written again.
   */
  async add(record: EpochRecord): Promise<void> {
    const line = JSON.stringify(record);
    if (this.#records.at(-1) !== record) {
      this.#lines.push(line);
      this.#records.push(record);
    }
    if (!await this.#file.append(encode(`${line}\n`))) await this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await this.#file.replace(encode(this.#lines.map((line) => `${line}\n`).join("")));
  }
}

/** A line of the file, and what it says. */
type Line = { readonly line: string; readonly record: EpochRecord };

/** The epochs in a metrics.jsonl, in their order; a line that is not whole is passed over, and without a file there is none. */
export async function readRecords(path: string): Promise<EpochRecord[]> {
  return (await readLines(path)).map(({ record }) => record);
}

/** The last line of each epoch that is whole, in the order of the epochs. */
async function readLines(path: string): Promise<Line[]> {
  const kept = new Map<number, Line>();
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
    return new TextDecoder().decode(await readRegularFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw new UserError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
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
