import { dirname } from "node:path";
import { type Checkpoint, decodeCheckpoint } from "../checkpoint.ts";
import { CheckpointError } from "../checkpoint_error.ts";
import { UserError } from "./run.ts";
import { fromMetadata, type Saved } from "./settings.ts";

/**
 * Writes a file so that at any moment, `kill -9` and power loss included, its name stands for the whole old contents or
 * the whole new ones: into a temporary file beside it, to the disk, and only then under its name.
 *
 * @param path The file.
 * @param bytes Its new contents.
 * @throws {UserError} If that cannot be done; the old contents stay, and the temporary file is removed.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  // The process id, lest two that write the same file write into the same temporary one.
  const temporary = `${path}.${Deno.pid}.tmp`;
  try {
    await writeThrough(temporary, bytes, { truncate: true });
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw cannotWrite(path, cause);
  }
  await syncFolder(dirname(path));
}

/** Adds bytes to the end of a file, which is made if there is none, and waits for the disk to have them. */
export async function append(path: string, bytes: Uint8Array): Promise<void> {
  await writeThrough(path, bytes, { append: true }).catch((cause) => {
    throw cannotWrite(path, cause);
  });
}

async function writeThrough(path: string, bytes: Uint8Array, how: Deno.OpenOptions): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, ...how });
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.sync();
}

/** Makes a rename last: the name is in the folder, not in the file. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // The file itself is whole either way.
  }
}

/** What to say of a path that could not be written. */
export function cannotWrite(path: string, cause: unknown): UserError {
  return new UserError(`Cannot write ${path}: ${(cause as Error).message}`, { cause });
}

/** Removes temporary files that {@linkcode writeAtomically} left beside files of these names because it was killed. */
export async function removeLeftovers(folder: string, names: readonly string[]): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const leftover = names.some((own) => name.startsWith(own) && /^\.\d+\.tmp$/.test(name.slice(own.length)));
    // Where it cannot be removed it only takes up space.
    if (leftover) await Deno.remove(`${folder}/${name}`).catch(() => {});
  }
}

/** What a checkpoint file holds. */
export type CheckpointFile = {
  /** All of it, for `load`. */
  readonly bytes: Uint8Array;
  readonly checkpoint: Checkpoint;
  /** All metadata that is not the checkpoint's own. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How it was trained; missing where the API, not the command line, saved it. */
  readonly saved?: Saved;
};

/**
 * Reads a checkpoint from a file.
 *
 * @param path The file.
 * @throws {UserError} If there is no file, or it cannot be read.
 * @throws {CheckpointError} If it is not a checkpoint: which file, what was got, what was wanted.
 */
export async function readCheckpoint(path: string): Promise<CheckpointFile> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new UserError(`Cannot read checkpoint ${path}: ${(cause as Error).message}`, { cause });
  });
  try {
    const { checkpoint, metadata } = decodeCheckpoint(bytes);
    return { bytes, checkpoint, metadata, saved: fromMetadata(metadata) };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const message = error.message.replace(/^Cannot read checkpoint/, (start) => `${start} ${path}`);
    throw new CheckpointError(message, { cause: error });
  }
}
