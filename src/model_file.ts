import { mismatch } from "./checkpoint_error.ts";
import { fromFloat16, MOST_FLOAT16, toFloat16 } from "./float16.ts";
import { show, showText } from "./checks/show.ts";
import { checkMetadata, furtherMetadata, type Metadata, part, partsOf } from "./metadata.ts";
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

/** The trees of tensors that a training state has. */
export const TREES = ["params", "mu", "nu", "average"] as const;

/** What a file holds, checked so far as all kinds of files have it. */
export type Opened = {
  readonly config: Config;
  readonly tensors: Map<string, TensorEntry>;
  /** All of it, as text. */
  readonly metadata: Metadata;
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
    const config = resolveConfig(value as ConfigOptions);
    checkClaims(config, tensors.size);
    return config;
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

/** Throws if a configuration claims more layers than tensors account for: planning them would take memory without end. */
function checkClaims({ encoder, decoder }: Config, tensors: number): void {
  const claimed = [encoder, decoder].reduce(
    (sum, { hidden, channels, batchNorm }) => sum + (hidden.length + channels.length) * (batchNorm ? 6 : 2),
    0,
  );
  if (claimed > tensors) throw new Error(`its layers have ${claimed} tensors, but the file has ${tensors}`);
}

/** Throws if a tensor, F32 or F16, has a value that is not finite: nothing computed from it would be. */
export function checkFinite(action: "read" | "write", name: string, { dtype, data }: TensorEntry): void {
  const size = dtype === "F16" ? 2 : 4, high = dtype === "F16" ? 0x7c : 0x7f;
  for (let i = size - 1; i < data.length; i += size) {
    // All bits of the exponent: infinity or NaN.
    if ((data[i]! & high) !== high || (size === 4 && (data[i - 1]! & 0x80) === 0)) continue;
    const index = Math.floor(i / size);
    throw mismatch(action, `finite values in ${name}`, `infinity or NaN at ${index}`);
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
      throw mismatch("read", `${name} of shape [${shape.join(", ")}]`, show(entry.shape));
    }
    tensors.delete(name);
    const value = read(entry, name);
    checkFinite("read", name, entry);
    return value;
  });
}

/** Throws if there are tensors left. */
export function checkAllTaken({ tensors }: Opened): void {
  const [extra] = tensors.keys();
  if (extra !== undefined) throw mismatch("read", "no tensors but the model's", `one named ${show(extra)}`);
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
  return {
    config: file.config,
    params,
    metadata: furtherMetadata(file.metadata),
    ...sha256 !== undefined && { sha256 },
  };
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
  for (const [name, entry] of tensors) checkFinite("write", name, entry);
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
    metadata: { ...metadata, elbo: VERSION, ...partsOf({ config }), exported, ...hashed(tensors, digest) },
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
