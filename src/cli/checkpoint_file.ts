import { dirname, resolve } from "node:path";
import { sha256 } from "../api/save.ts";
import { type Checkpoint, decodeCheckpoint } from "../checkpoint.ts";
import { CheckpointError } from "../checkpoint_error.ts";
import { UserError } from "./run.ts";
import { fromMetadata, type Saved } from "./settings.ts";
import { undoneOnExit } from "./signals.ts";

/**
 * Writes a file so that at any moment, `kill -9` and power loss included, its name stands for the whole old contents or
 * the whole new ones: into a temporary file beside it, to the disk, and only then under its name. A symbolic link stays
 * one, and its target is replaced; permissions of the old file are kept.
 *
 * @param path The file.
 * @param bytes Its new contents.
 * @throws {UserError} If that cannot be done; the old contents stay, and the temporary file is removed.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await targetOf(path), name = `${target}.${crypto.randomUUID()}.tmp`;
    using _ = undoneOnExit(() => Deno.removeSync(name));
    const old = await Deno.stat(target).catch(() => undefined);
    // To rename onto a device, such as /dev/null, would put a file in its place for everyone.
    if (old && !old.isFile && !old.isDirectory) throw new Error("expected a regular file, got a device or a pipe");
    // A new file under a name that nobody can foresee: an existing one, or a link that waits there, is not written through.
    await writeThrough(name, bytes, old?.mode == null ? {} : { mode: old.mode & 0o777 });
    temporary = name;
    await Deno.rename(name, target);
    await syncFolder(dirname(target));
  } catch (cause) {
    if (temporary !== undefined) await Deno.remove(temporary).catch(() => {});
    throw cannotWrite(path, cause);
  }
}

/** The file that a path stands for: where it is a symbolic link, what that points to, also if there is nothing yet. */
async function targetOf(path: string, links = 0): Promise<string> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (!info?.isSymlink || links > 40) return path;
  return await targetOf(resolve(dirname(path), await Deno.readLink(path)), links + 1);
}

/** Writes a new file, with an error where there is one, and waits for the disk to have it. */
async function writeThrough(path: string, bytes: Uint8Array, how: Deno.OpenOptions): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, ...how });
  try {
    if (how.mode !== undefined) await Deno.chmod(path, how.mode); // the umask has taken something of it
    for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    await file.sync();
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
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

/**
 * Removes temporary files that {@linkcode writeAtomically} left beside files of these names because it was killed.
 *
 * @param folder The folder, on which the caller holds the lock.
 * @param names The files.
 * @param age Milliseconds that a temporary file must have: 0 for files that only the holder of the lock writes, more where
 * another process, such as `deno task report`, may be about to rename one.
 */
export async function removeLeftovers(folder: string, names: readonly string[], age: number): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const leftover = isFile &&
      names.some((own) => name.startsWith(own) && /^\.[0-9a-f-]{36}\.tmp$/.test(name.slice(own.length)));
    if (!leftover) continue;
    const { mtime } = await Deno.lstat(`${folder}/${name}`);
    // Where it cannot be removed it only takes up space.
    if (mtime && Date.now() - mtime.getTime() >= age) await Deno.remove(`${folder}/${name}`).catch(() => {});
  }
}

/** The bytes of a file: a device or a pipe, which may never end, is refused. */
export async function readRegularFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { isFile, isDirectory } = await Deno.stat(path);
  if (!isFile) throw new Error(`expected a regular file, got ${isDirectory ? "a folder" : "a device or a pipe"}`);
  return await Deno.readFile(path);
}

/** What a checkpoint file holds. */
export type CheckpointFile = {
  /** All of it, for `load`. */
  readonly bytes: Uint8Array;
  readonly checkpoint: Checkpoint;
  /** All metadata that is not the checkpoint's own. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How it was trained; missing where the API, not the command line, saved it. */
  readonly saved?: Saved | undefined;
};

/**
 * Reads a checkpoint from a file.
 *
 * @param path The file.
 * @throws {UserError} If there is no file, or it cannot be read.
 * @throws {CheckpointError} If it is not a checkpoint: which file, what was got, what was wanted.
 */
export async function readCheckpoint(path: string): Promise<CheckpointFile> {
  const bytes = await readRegularFile(path).catch((cause) => {
    throw new UserError(`Cannot read checkpoint ${path}: ${(cause as Error).message}`, { cause });
  });
  try {
    const { checkpoint, metadata } = decodeCheckpoint(bytes, sha256);
    return { bytes, checkpoint, metadata, saved: fromMetadata(metadata) };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const message = error.message.replace(/^Cannot read checkpoint/, (start) => `${start} ${path}`);
    throw new CheckpointError(message, { cause: error });
  }
}
