import { basename, dirname, extname, join } from "node:path";
import { cannotWrite, writeAtomically } from "./checkpoint_file.ts";

/** The features of a file by which a change by another process is noticed. */
type Mark = { readonly ino: number | null; readonly size: number; readonly time?: number | undefined };

function markOf({ ino, size, mtime }: Deno.FileInfo): Mark {
  return { ino, size, time: mtime?.getTime() };
}

function same(a: Mark | undefined, b: Mark | undefined): boolean {
  return a?.ino === b?.ino && a?.size === b?.size && a?.time === b?.time;
}

/** Called with a file's path, and that under which another process's file is kept. */
export type OnKept = (path: string, kept: string) => void;

/**
 * A file that only this process means to write, such as a run's model. Where another process has written it meanwhile, that
 * one's file is kept beside it under another name.
 */
export class WatchedFile {
  readonly #path: string;
  readonly #onKept: OnKept;
  #mark: Mark | undefined;

  /**
   * @param path The file.
   * @param onKept Called when another process's file is found there.
   */
  constructor(path: string, onKept: OnKept) {
    this.#path = path;
    this.#onKept = onKept;
  }

  /**
   * Replaces its contents, as `writeAtomically` does.
   *
   * @throws {UserError} If that cannot be done.
   */
  async replace(bytes: Uint8Array): Promise<void> {
    if (this.#mark && !same(this.#mark, await this.#look())) await this.#keep();
    await writeAtomically(this.#path, bytes);
    this.#mark = await this.#look();
  }

  /**
   * Adds bytes to its end, and waits for the disk to have them.
   *
   * @returns False if the file is not as it was last written: then nothing is added.
   * @throws {UserError} If that cannot be done.
   */
  async append(bytes: Uint8Array): Promise<boolean> {
    try {
      // Looked at when it is open: between a look and the opening another process could replace it.
      using file = await Deno.open(this.#path, { append: true });
      if (!same(this.#mark, markOf(await file.stat()))) return false;
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      await file.sync();
      this.#mark = markOf(await file.stat());
      return true;
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return false;
      throw cannotWrite(this.#path, cause);
    }
  }

  async #look(): Promise<Mark | undefined> {
    const info = await Deno.stat(this.#path).catch(() => undefined);
    return info && markOf(info);
  }

  /** Renames the file that has the name now, if there is one. */
  async #keep(): Promise<void> {
    if (await this.#look() === undefined) return;
    const folder = dirname(this.#path), end = extname(this.#path), start = basename(this.#path, end);
    for (let n = 1;; n++) {
      const kept = join(folder, `${start}.replaced-${n}${end}`);
      if (await Deno.lstat(kept).then(() => true, () => false)) continue;
      await Deno.rename(this.#path, kept).catch((cause) => {
        throw cannotWrite(this.#path, cause);
      });
      this.#onKept(this.#path, kept);
      return;
    }
  }
}
