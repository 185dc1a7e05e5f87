import { join } from "node:path";
import { show } from "../checks/show.ts";
import { UserError } from "./run.ts";

/** The file in a run's folder whose lock says that a training writes there. */
const NAME = ".lock";

/** What the file says of the process that holds the lock. */
type Holder = { readonly pid: number; readonly since: string };

/** A folder that is this process's own until the lock is disposed of, or the process ends, however it does. */
export class FolderLock {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Takes the lock of a folder. The system keeps it (flock) and gives it up when the process ends, also by `kill -9`: a
   * file that a dead process left behind locks nobody out.
   *
   * @param folder An existing folder on a disk of this machine.
   * @throws {UserError} If another process has it: which one, and since when.
   */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(folder, NAME);
    for (;;) {
      const file = await Deno.open(path, { read: true, write: true, create: true });
      if (!await file.tryLock(true)) {
        file.close();
        throw new UserError(
          `Cannot write to ${folder}: expected a folder that no other training writes to, got ${await holderOf(path)}`,
        );
      }
      // A holder that ended in between took its file along: a lock on a file without a name keeps nobody out.
      const [here, there] = [await file.stat(), await Deno.stat(path).catch(() => undefined)];
      if (there === undefined || here.ino !== there.ino || here.dev !== there.dev) {
        file.close();
        continue;
      }
      const holder: Holder = { pid: Deno.pid, since: Temporal.Now.instant().toString({ smallestUnit: "second" }) };
      await file.truncate();
      await file.write(new TextEncoder().encode(JSON.stringify(holder)));
      return new FolderLock(path, file);
    }
  }

  /** Gives the folder up. */
  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.#path);
    } catch {
      // The folder may be gone by now; the lock goes with the file below either way.
    }
    this.#file.close();
  }
}

/** Who holds a lock, in words. */
async function holderOf(path: string): Promise<string> {
  try {
    const { pid, since }: Holder = JSON.parse(await Deno.readTextFile(path));
    return `one held by process ${show(pid)} since ${show(since).replaceAll('"', "")}`;
  } catch {
    return "one held by another process";
  }
}
