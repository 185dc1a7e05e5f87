/** What stands in a file's metadata beside its tensors: texts by name, of which some are JSON. */
import { CheckpointError, mismatch } from "./checkpoint_error.ts";
import { showText } from "./checks/show.ts";

/** The metadata of a file, as text. */
export type Metadata = Readonly<Record<string, string>>;

/** Names of metadata that say what a file is. */
const OWN: readonly string[] = ["elbo", "config", "optimizer", "step", "key", "exported", "sha256"];

/** A part of the metadata that is JSON. */
export function part<T>(metadata: Metadata, name: string, read: (value: unknown) => T): T {
  if (!Object.hasOwn(metadata, name)) throw mismatch("read", `metadata "${name}"`, "none");
  try {
    return read(parseText(metadata[name]!));
  } catch (error) {
    const why = showText((error as Error).message);
    throw new CheckpointError(`Cannot read checkpoint: its ${name} is not valid: ${why}`, { cause: error });
  }
}

/** Most characters of metadata that are parsed: as values in memory, brackets take fifty times their length. */
const LONGEST_PART = 2 ** 17;

/**
 * Parses JSON in the metadata, whoever wrote it.
 *
 * @throws {SyntaxError} If it is no JSON, or longer than 131,072 characters.
 */
export function parseText(text: string): unknown {
  if (text.length <= LONGEST_PART) return JSON.parse(text);
  throw new SyntaxError(`expected at most ${LONGEST_PART} characters, got ${text.length}`);
}

/** Parts of the metadata as JSON, each no longer than {@linkcode parseText} reads. */
export function partsOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const text = JSON.stringify(value);
      if (text.length <= LONGEST_PART) return [name, text];
      throw mismatch("write", `metadata "${name}" of at most ${LONGEST_PART} characters`, text.length);
    }),
  );
}

/** The metadata that others wrote. */
export function furtherMetadata(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !OWN.includes(name)));
}

/** Throws if metadata has one of the names that say what a file is. */
export function checkMetadata(metadata: Metadata): void {
  const taken = OWN.find((name) => Object.hasOwn(metadata, name));
  if (taken) throw new RangeError(`Cannot write checkpoint: the metadata "${taken}" is its own`);
}

/**
 * Returns metadata as they may be given to others: without the path and the hash of the data that a model was trained on.
 *
 * @param metadata Further metadata of a file; `training` is what the command line wrote, or anything else.
 */
export function publicMetadata(metadata: Metadata): Record<string, string> {
  if (!Object.hasOwn(metadata, "training")) return { ...metadata };
  const { training, ...rest } = metadata;
  try {
    const value = parseText(training!);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { ...metadata };
    const { data: _, dataHash: __, ...kept } = value as Record<string, unknown>;
    return { ...rest, training: JSON.stringify(kept) };
  } catch {
    return rest; // what is no JSON may hold anything
  }
}
