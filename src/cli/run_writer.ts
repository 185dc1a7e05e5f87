import { dirname, join } from "node:path";
import { save } from "../api/save.ts";
import type { State } from "../api/state.ts";
import type { Sums } from "../evaluate.ts";
import { type EpochRecord, MetricsFile } from "./metrics_file.ts";
import { checkRoom } from "./room.ts";
import { FILES, type RunFolder } from "./run_folder.ts";
import { type Saved, toMetadata } from "./settings.ts";
import { UserError } from "./user_error.ts";
import { WatchedFile } from "./watched_file.ts";

/** Options of {@linkcode RunWriter.begin}. */
export type RunWriterOptions = {
  readonly folder: RunFolder;
  /** The name of the data, for the name of a new folder. */
  readonly data: string;
  /** Where training begins. */
  readonly state: State;
  /** The metadata of the model; its sums and seconds are those at the beginning. */
  readonly saved: Saved;
  /** Epochs whose lines of metrics.jsonl stay. */
  readonly done: number;
  /** The checkpoint that is resumed. */
  readonly resume?: string | undefined;
  /** Called with a line on what another process did to the folder. */
  readonly warn: (line: string) => void;
};

/** The model and the metrics of a run, as they grow in its folder. */
export class RunWriter {
  /** The folder. */
  readonly path: string;
  /** The path of the model. */
  readonly model: string;
  readonly #options: RunWriterOptions;
  readonly #file: WatchedFile;
  #metrics!: MetricsFile;
  #step: number | undefined;

  private constructor(path: string, options: RunWriterOptions) {
    this.path = path;
    this.model = join(path, FILES.model);
    this.#options = options;
    this.#file = new WatchedFile(this.model, this.#onKept);
  }

  /**
   * Opens the folder and writes the state at the beginning, before hours are spent: the folder can be written to, and has
   * room for the whole run.
   *
   * @throws {UserError} If it cannot be written to, or has no room.
   */
  static async begin(options: RunWriterOptions): Promise<RunWriter> {
    const { folder, data, state, saved, done, resume } = options;
    const { path, resumed } = await folder.open(data), writer = new RunWriter(path, options);
    const bytes = writer.#encode(state, saved.sums, saved.seconds);
    await checkRoom(path, {
      checkpoint: bytes.length,
      checkpoints: resumed ? 1 : 2,
      epochs: saved.epochs,
      size: saved,
    });
    await writer.#file.replace(bytes);
    writer.#step = state.step;
    const before = resume === undefined ? undefined : { path: join(dirname(resume), FILES.metrics), epochs: done };
    writer.#metrics = await MetricsFile.begin(join(path, FILES.metrics), writer.#onKept, before);
    return writer;
  }

  /** The epochs so far. */
  get records(): readonly EpochRecord[] {
    return this.#metrics.records;
  }

  /**
   * Saves the model.
   *
   * @param sums Those of the epoch that it stands in.
   * @param seconds Those of its training, if the epoch is whole and its test set still to be measured.
   * @throws {UserError} If that cannot be done, with what is saved.
   */
  async save(state: State, sums?: Sums, seconds?: number): Promise<void> {
    await this.#write(() => this.#file.replace(this.#encode(state, sums, seconds)));
    this.#step = state.step;
  }

  /**
   * Adds an epoch to the metrics.
   *
   * @throws {UserError} If that cannot be done, with what is saved.
   */
  async add(record: EpochRecord): Promise<void> {
    await this.#write(() => this.#metrics.add(record));
  }

  #encode(state: State, sums?: Sums, seconds?: number): Uint8Array {
    const { sums: _, seconds: __, ...saved } = this.#options.saved;
    const metadata = toMetadata({ ...saved, ...sums && { sums }, ...seconds !== undefined && { seconds } });
    return save(state, { metadata });
  }

  async #write(what: () => Promise<void>): Promise<void> {
    try {
      await this.#restore();
      try {
        await what();
      } catch (error) {
        // It may have been removed only just now.
        if (!await this.#restore()) throw error;
        await what();
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const there = await Deno.stat(this.model).then(() => true, () => false);
      const kept = there ? `${this.model} has step ${this.#step}` : "nothing is saved there";
      throw new UserError(`${error.message}; ${kept}`, { cause: error });
    }
  }

  async #restore(): Promise<boolean> {
    const removed = await this.#options.folder.restore();
    if (removed) this.#options.warn(`${this.path} was removed or renamed while training; it is made again`);
    return removed;
  }

  readonly #onKept = (path: string, kept: string): void => {
    this.#options.warn(`${path} was written by another process while training; its file is kept as ${kept}`);
  };
}
