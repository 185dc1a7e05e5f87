import { basename, dirname, join } from "node:path";
import { cannotWrite, removeLeftovers } from "./checkpoint_file.ts";
import { FolderLock } from "./lock.ts";
import { UserError } from "./run.ts";

/** What a run writes. */
export const FILES = {
  model: "model.safetensors",
  metrics: "metrics.jsonl",
  samples: "samples.png",
  reconstructions: "reconstructions.png",
  curves: "curves.svg",
  report: "report.html",
} as const;

/** A run's folder, and its lock. */
export type LockedFolder = { readonly folder: string; readonly lock: FolderLock };

/** Milliseconds after which no other process is still writing a picture: that takes seconds at most. */
const HOUR = 3_600_000;

/** Where a run is to write. */
export type RunFolderOptions = {
  /** `--out`: this folder. */
  readonly out?: string;
  /** `--resume`: the folder of this file, if there is no `out`. */
  readonly resume?: string;
  /** The name of the data, for the name of a new folder. */
  readonly data: string;
};

/**
 * Returns the folder of a run, made if there is none, and locked against other trainings. It never holds another run,
 * whose files would be overwritten; the run that is continued is no other.
 *
 * @returns The folder's path, and its lock, which is held until it is disposed of.
 * @throws {UserError} If it holds another run, another training writes to it, or it cannot be made.
 */
export async function runFolder({ out, resume, data }: RunFolderOptions): Promise<LockedFolder> {
  const folder = out ?? (resume === undefined ? await newFolder(data) : dirname(resume));
  let lock: FolderLock;
  try {
    await Deno.mkdir(folder, { recursive: true });
    lock = await FolderLock.take(folder);
    const { model, metrics, ...pictures } = FILES;
    await removeLeftovers(folder, [model, metrics], 0);
    await removeLeftovers(folder, Object.values(pictures), HOUR);
  } catch (cause) {
    throw cause instanceof UserError ? cause : cannotWrite(folder, cause);
  }
  const own = resume !== undefined && basename(resume) === FILES.model && await same(folder, dirname(resume));
  for (const name of own ? [] : Object.values(FILES)) {
    if (!await exists(join(folder, name))) continue;
    lock[Symbol.dispose]();
    const hint = `give another --out, or continue it: --resume ${join(folder, FILES.model)}`;
    throw new UserError(
      `Cannot write to ${folder}: expected a folder without a run in it, got one with ${name}; ${hint}`,
    );
  }
  return { folder, lock };
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
