import { basename, dirname, join } from "node:path";
import { cannotWrite, removeLeftovers } from "./checkpoint_file.ts";
import { FolderLock } from "./lock.ts";
import { UserError } from "./user_error.ts";

/** What a run writes. */
export const FILES = {
  model: "model.safetensors",
  metrics: "metrics.jsonl",
  samples: "samples.png",
  reconstructions: "reconstructions.png",
  curves: "curves.svg",
  report: "report.html",
} as const;

/** Milliseconds after which no other process is still writing a picture: that takes seconds at most. */
const HOUR = 3_600_000;

/** Where a run is to write. */
export type RunFolderOptions = {
  /** `--out`: this folder. */
  readonly out?: string | undefined;
  /** `--resume`: the folder of this file, if there is no `out`. */
  readonly resume?: string | undefined;
};

/** The folder of a run, locked against other trainings until it is disposed of. */
export class RunFolder {
  #path: string | undefined;
  #lock: FolderLock | undefined;
  readonly #resume: string | undefined;

  /** Does nothing yet. */
  constructor({ out, resume }: RunFolderOptions) {
    this.#path = out ?? (resume === undefined ? undefined : dirname(resume));
    this.#resume = resume;
  }

  /**
   * Locks the folder if it exists, before the checkpoint in it is read: a training that still writes there could otherwise
   * end between that and the lock, and what it trained last would be overwritten.
   *
   * @throws {UserError} If another training writes to it.
   */
  async claim(): Promise<void> {
    if (this.#path !== undefined && await exists(this.#path)) this.#lock = await FolderLock.take(this.#path);
  }

  /**
   * Makes the folder if there is none, and locks it. It never holds another run, whose files would be overwritten; the run
   * that is continued is no other.
   *
   * @param data The name of the data, for the name of a new folder.
   * @returns The folder's path, and whether it holds the run that is continued.
   * @throws {UserError} If it holds another run, another training writes to it, or it cannot be made.
   */
  async open(data: string): Promise<{ readonly path: string; readonly resumed: boolean }> {
    const folder = this.#path ??= await newFolder(data), resume = this.#resume;
    try {
      await Deno.mkdir(folder, { recursive: true });
      this.#lock ??= await FolderLock.take(folder);
      const { model, metrics, ...pictures } = FILES;
      await removeLeftovers(folder, [model, metrics], 0);
      await removeLeftovers(folder, Object.values(pictures), HOUR);
    } catch (cause) {
      throw cause instanceof UserError ? cause : cannotWrite(folder, cause);
    }
    const resumed = resume !== undefined && basename(resume) === FILES.model && await same(folder, dirname(resume));
    for (const name of resumed ? [] : Object.values(FILES)) {
      if (!await exists(join(folder, name))) continue;
      const hint = `give another --out, or continue it: --resume ${join(folder, FILES.model)}`;
      throw new UserError(
        `Cannot write to ${folder}: expected a folder without a run in it, got one with ${name}; ${hint}`,
      );
    }
    return { path: folder, resumed };
  }

  /**
   * Makes the folder again, and locks it, if it was removed or renamed meanwhile.
   *
   * @returns Whether it was.
   * @throws {UserError} If it cannot be made, or another training was faster.
   */
  async restore(): Promise<boolean> {
    const folder = this.#path!;
    if (this.#lock!.isHeld) return false;
    this.#lock![Symbol.dispose]();
    await Deno.mkdir(folder, { recursive: true }).catch((cause) => {
      throw cannotWrite(folder, cause);
    });
    this.#lock = await FolderLock.take(folder);
    return true;
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
  }
}

/** A new folder under runs/: the name of the data and the time, and a number where two runs share the second. */
async function newFolder(data: string): Promise<string> {
  const time = Temporal.Now.plainDateTimeISO().toString({ smallestUnit: "second" }).replaceAll(":", "-");
  const name = join("runs", `${data.replaceAll(/[^\w.-]+/g, "-")}-${time}`);
  try {
    await Deno.mkdir("runs", { recursive: true });
    for (let i = 1;; i++) {
      const folder = i === 1 ? name : `${name}-${i}`;
      try {
        await Deno.mkdir(folder); // fails if there is one, so that no two processes take the same
        return folder;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  } catch (cause) {
    throw cannotWrite(name, cause);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function same(a: string, b: string): Promise<boolean> {
  return await Deno.realPath(a) === await Deno.realPath(b);
}
