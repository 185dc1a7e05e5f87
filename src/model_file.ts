import { CheckpointError, mismatch } from "./checkpoint_error.ts";
import { fromFloat16, MOST_FLOAT16, toFloat16 } from "./float16.ts";
import { show, showText } from "./checks/show.ts";
import {
  dataParts,
  dataSection,
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type TensorEntry,
} from "./safetensors.ts";
import { type Config, type ConfigOptions, resolveConfig } from "./vae/config.ts";
import { layout, leaves, mapNetwork, type Network } from "./vae/layout.ts";

/** The version of what a file holds; another one is refused. */
export const VERSION = "1";

/** What an exported model's parameters are: the last ones of training, or their average. */
export type Exported = "params" | "average";

/** Names of metadata that say what a file is. */
const OWN: readonly string[] = ["elbo", "config", "optimizer", "step", "key", "exported", "sha256"];

/** The trees of tensors that a training state has. */
export const TREES = ["params", "mu", "nu", "average"] as const;

/** What a file holds, checked so far as all kinds of files have it. */
export type Opened = {
  readonly config: Config;
  readonly tensors: Map<string, TensorEntry>;
  /** All of it, as text. */
  readonly metadata: Readonly<Record<string, string>>;
};

/** Returns the SHA-256 of bytes that follow each other, as 64 hexadecimal digits. */
export type Digest = (parts: readonly Uint8Array[]) => string;

/**
 * Opens a training state's checkpoint, or an exported model.
 *
 * @param digest Checks the tensors against the file's `sha256`, if it has one; left out where the caller does so.
 */
export function open(bytes: Uint8Array, digest?: Digest): Opened {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (!Object.hasOwn(metadata, "elbo")) throw mismatch("read", "metadata of elbo", "a file without it");
  const { elbo } = metadata;
  if (elbo !== VERSION) {
    const newer = /^[0-9]{1,9}$/.test(elbo!) && Number(elbo) > Number(VERSION);
    throw mismatch("read", `version ${VERSION}`, `version ${showText(elbo!, 20)}${newer ? " of a newer elbo" : ""}`);
  }
  if (digest) checkDigest(metadata, digest([dataSection(bytes)]));
  const config = part(metadata, "config", (value) => {
    checkClaims(value, tensors.size);
    return resolveConfig(value as ConfigOptions);
  });
  return { config, tensors, metadata };
}

/**
 * Throws unless the tensors' bytes have the SHA-256 that stands in the metadata; a file without one is not checked.
 *
 * @param got Of the bytes after the header, as 64 hexadecimal digits.
 */
export function checkDigest({ sha256 }: { readonly sha256?: string | undefined }, got: string): void {
  if (sha256 === undefined || sha256 === got) return;
  throw mismatch("read", `tensors whose SHA-256 is ${show(sha256)} as its metadata says`, `${got}: it is damaged`);
}

/** Throws if a configuration claims more layers than there are tensors: planning them would take memory without end. */
function checkClaims(config: unknown, tensors: number): void {
  const lists = (value: unknown): unknown[] =>
    typeof value === "object" && value !== null
      ? Object.values(value).flatMap((v) => Array.isArray(v) ? [v] : lists(v))
      : [];
  const layers = lists(config).reduce((sum: number, list) => sum + (list as unknown[]).length, 0);
  // Three numbers are the shape of an image.
  if (layers > tensors + 3) throw new Error(`it has ${layers} layers and sizes, but the file ${tensors} tensors`);
}

/** Throws if a tensor has a value that is not finite: nothing computed from it would be. */
function checkFinite({ dtype, data }: TensorEntry, name: string): void {
  const size = dtype === "F16" ? 2 : 4, high = dtype === "F16" ? 0x7c : 0x7f;
  for (let i = size - 1; i < data.length; i += size) {
    // All bits of the exponent: infinity or NaN.
    if ((data[i]! & high) !== high || (size === 4 && (data[i - 1]! & 0x80) === 0)) continue;
    const index = Math.floor(i / size);
    throw mismatch("read", `finite values in ${name}`, `infinity or NaN at ${index}`);
  }
}

/** A part of the metadata that is JSON. */
export function part<T>(metadata: Opened["metadata"], name: string, read: (value: unknown) => T): T {
  if (!Object.hasOwn(metadata, name)) throw mismatch("read", `metadata "${name}"`, "none");
  try {
    return read(JSON.parse(metadata[name]!));
  } catch (error) {
    throw new CheckpointError(
      `Cannot read checkpoint: its ${name} is not valid: ${showText((error as Error).message)}`,
      {
        cause: error,
      },
    );
  }
}

/** A tree of tensors of the model's shapes; each is taken out of the map. */
export function takeTree<T>(
  { tensors, config }: Opened,
  tree: string,
  read: (entry: TensorEntry, name: string) => T,
): Network<T> {
  return mapNetwork(layout(config), ({ shape }, leaf) => {
    const name = `${tree}.${leaf}`, entry = tensors.get(name);
    if (!entry) throw mismatch("read", `a tensor ${name} of shape [${shape.join(", ")}]`, "none");
    if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
      throw mismatch("read", `${name} of shape [${shape.join(", ")}]`, `[${entry.shape.join(", ")}]`);
    }
    tensors.delete(name);
    const value = read(entry, name);
    checkFinite(entry, name);
    return value;
  });
}

/** Throws if there are tensors left. */
export function checkAllTaken({ tensors }: Opened): void {
  const [extra] = tensors.keys();
  if (extra !== undefined) throw mismatch("read", "no tensors but the model's", `one named ${show(extra)}`);
}

/**
 * Returns metadata as they may be given to others: without the path and the hash of the data that a model was trained on.
 *
 * @param metadata Further metadata of a file; `training` is what the command line wrote.
 */
export function publicMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  if (!Object.hasOwn(metadata, "training")) return { ...metadata };
  const { training, ...rest } = metadata;
  try {
    const { data: _, dataHash: __, ...kept } = JSON.parse(training!);
    return { ...rest, training: JSON.stringify(kept) };
  } catch {
    return rest; // what is no JSON may hold anything
  }
}

/** The metadata that others wrote. */
export function furtherMetadata({ metadata }: Opened): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !OWN.includes(name)));
}

/** Throws if metadata has one of the names that say what a file is. */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const taken = OWN.find((name) => Object.hasOwn(metadata, name));
  if (taken) throw new RangeError(`Cannot write checkpoint: the metadata "${taken}" is its own`);
}

/** A model to infer with. */
export type ModelFile = {
  readonly config: Config;
  /** Views of the file's bytes, F32 or F16: see {@linkcode readFloats}. */
  readonly params: Network<TensorEntry>;
  readonly metadata: Record<string, string>;
  /** Of the tensors' bytes, if the file says it. */
  readonly sha256?: string | undefined;
};

/**
 * The model of an exported file, or of a training state's checkpoint: the averaged parameters if it keeps them.
 *
 * @param bytes The file's bytes, of which the result's tensors are views.
 * @throws {CheckpointError} If it is no such file: what was got and what was wanted.
 */
export function decodeModel(bytes: Uint8Array, digest?: Digest): ModelFile {
  const file = open(bytes, digest), { tensors } = file;
  const averaged = [...tensors.keys()].some((name) => name.startsWith("average."));
  const params = takeTree(file, averaged ? "average" : "params", (entry, name) => {
    if (entry.dtype !== "F32" && entry.dtype !== "F16") {
      throw mismatch("read", `${name} of type F32 or F16`, entry.dtype);
    }
    return entry;
  });
  for (const name of [...tensors.keys()]) {
    if (TREES.some((tree) => name.startsWith(`${tree}.`))) tensors.delete(name);
  }
  checkAllTaken(file);
  const { sha256 } = file.metadata;
  return { config: file.config, params, metadata: furtherMetadata(file), ...sha256 !== undefined && { sha256 } };
}

/** Writes a tensor's values to `out`, which has as many. */
export function readFloats({ dtype, data }: TensorEntry, out: Float32Array): void {
  if (dtype === "F16") fromFloat16(data, out);
  else new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(data);
}

/** What {@linkcode encodeModel} can be told. */
export type ExportOptions = {
  /** Kernels and embeddings as float16, half as large: everything but vectors, which together are small. */
  readonly float16?: boolean | undefined;
  /** Further entries of the metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Makes the `sha256` of the metadata; left out, there is none. */
  readonly digest?: Digest | undefined;
};

/**
 * A model as a safetensors file for inference: tensors `params.…`, and in the metadata `elbo` (the version), `config` and
 * `exported`. It holds no training state, so that training cannot go on from it.
 *
 * @param config The model's architecture.
 * @param params Its parameters.
 * @param exported What they are.
 * @returns The file's bytes, the same for the same arguments.
 * @throws {RangeError} If a value is too large for float16.
 */
export function encodeModel(
  config: Config,
  params: Network<Float32Array>,
  exported: Exported,
  options: ExportOptions = {},
): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = modelContents(config, params, exported, options);
  return encodeSafetensors(tensors, metadata);
}

/** What is in the file that {@linkcode encodeModel} writes; float32 tensors are views of the arguments. */
export function modelContents(
  config: Config,
  params: Network<Float32Array>,
  exported: Exported,
  { float16 = false, metadata = {}, digest }: ExportOptions = {},
): Safetensors {
  checkMetadata(metadata);
  const values = leaves(params), tensors = new Map<string, TensorEntry>();
  let i = 0;
  mapNetwork(layout(config), ({ shape }, name) => {
    const array = values[i++], half = float16 && shape.length > 1;
    tensors.set(`params.${name}`, { ...half ? halves(name, array!) : floats(array!), shape });
  });
  return {
    tensors,
    metadata: { ...metadata, elbo: VERSION, config: JSON.stringify(config), exported, ...hashed(tensors, digest) },
  };
}

/** The entry of the metadata that says the SHA-256 of the tensors. */
export function hashed(
  tensors: ReadonlyMap<string, TensorEntry>,
  digest?: Digest,
): { readonly sha256?: string } {
  return digest ? { sha256: digest(dataParts(tensors)) } : {};
}

function floats({ buffer, byteOffset, byteLength }: Float32Array): Omit<TensorEntry, "shape"> {
  return { dtype: "F32", data: new Uint8Array(buffer, byteOffset, byteLength) };
}

function halves(name: string, values: Float32Array): Omit<TensorEntry, "shape"> {
  const beyond = values.find((value) => Math.abs(value) > MOST_FLOAT16);
  if (beyond !== undefined) {
    throw new RangeError(`Cannot export as float16: expected values within ${MOST_FLOAT16}, got ${beyond} in ${name}`);
  }
  return { dtype: "F16", data: new Uint8Array(toFloat16(values).buffer) };
}
