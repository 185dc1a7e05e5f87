import { join } from "node:path";
import { showText } from "../checks/show.ts";
import { cannotWrite } from "./checkpoint_file.ts";
import { warn } from "./output.ts";
import { UserError } from "./user_error.ts";
import { undoneOnExit } from "./signals.ts";

/** The file in a run's folder whose lock says that a training writes there. */
const NAME = ".lock";

/** Attempts to take a lock, and the milliseconds between two: a run that was just asked to stop may need them. */
const ATTEMPTS = 4, BETWEEN = 100;

/** The content of the file: the process that holds the lock. */
type Holder = { readonly pid: number; readonly host?: string | undefined; readonly since: string };

/** A folder that is this process's own until the lock is disposed of, or the process ends, however it does. */
export class FolderLock {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  readonly #undone: Disposable | undefined;

  private constructor(path: string, file?: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    this.#undone = file && undoneOnExit(() => this.#remove());
  }

  /**
   * Takes the lock of a folder. The system keeps it (flock) and releases it when the process ends, also by `kill -9`: a
   * file that a dead process left behind locks nobody out. It holds among the processes of one machine, and over a network
   * as far as the file system there sees to it; where there are no locks, a warning says so.
   *
   * @param folder An existing folder.
   * @throws {UserError} If another process has it: which one, on which machine, and since when; or if nothing can be written there.
   */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, NAME);
    for (let attempt = 1;; attempt++) {
      const file = await Deno.open(path, { read: true, write: true, create: true }).catch((cause) => {
        throw cannotWrite(path, cause);
      });
      let taken: boolean;
      try {
        taken = await file.tryLock(true);
      } catch (cause) {
        file.close();
        warn(
          `warning: ${path} cannot be locked (${(cause as Error).message}); let no other training write to ${folder}`,
        );
        return new FolderLock(path);
      }
      // A holder that ended in between took its file along: a lock on a file without a name keeps nobody out.
      if (taken && isAt(file, path)) {
        await sign(file);
        return new FolderLock(path, file);
      }
      file.close();
      if (taken) continue;
      if (attempt >= ATTEMPTS) {
        const holder = await holderOf(path);
        throw new UserError(
          `Cannot write to ${folder}: expected a folder that no other training writes to, got ${holder}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN));
    }
  }

  /** Whether the folder still has this lock: not if the folder was removed, renamed or replaced. */
  get isHeld(): boolean {
    return this.#file === undefined || isAt(this.#file, this.#path);
  }

  /** Releases the folder. */
  [Symbol.dispose](): void {
    this.#undone?.[Symbol.dispose]();
    try {
      this.#remove();
    } catch {
      // Only a name is left of it: the lock goes with the file below.
    }
    this.#file?.close();
    this.#file = undefined;
  }

  /** Removes the file, unless another one has its name by now, and with it perhaps another process's lock. */
  #remove(): void {
    if (this.#file && isAt(this.#file, this.#path)) Deno.removeSync(this.#path);
  }
}

/** Whether an open file is the one of that name. Deno looks at the name for both: where a file is a folder now, both throw. */
function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    const here = file.statSync(), there = Deno.lstatSync(path);
    return here.ino === there.ino && here.dev === there.dev;
  } catch {
    return false;
  }
}

/** Writes down who holds the lock. */
async function sign(file: Deno.FsFile): Promise<void> {
  const since = Temporal.Now.instant().toString({ smallestUnit: "second" });
  const bytes = new TextEncoder().encode(JSON.stringify({ pid: Deno.pid, host: await hostname(), since }));
  try {
    await file.truncate();
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  } catch {
    // A full disk: the lock holds without it, and the run says so where it matters.
  }
}

/** The machine's name, as far as it can be had without a permission of its own. */
async function hostname(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  if (state === "granted") return Deno.hostname();
  return (await Deno.readTextFile("/etc/hostname").catch(() => "")).trim() || undefined;
}

/** Who holds a lock, in words. */
async function holderOf(path: string): Promise<string> {
  try {
    const { pid, host, since }: Holder = JSON.parse(await Deno.readTextFile(path));
    const where = typeof host === "string" ? ` on ${showText(host, 80)}` : "";
    return `one held by process ${showText(`${pid}`, 20)}${where} since ${showText(`${since}`, 40)}`;
  } catch {
    return "one held by another process";
  }
}
