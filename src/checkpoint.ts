import { CheckpointError, mismatch } from "./checkpoint_error.ts";
import { type Adam, resolveAdam } from "./optimizer.ts";
import { checkKey, type Key } from "./random.ts";
import { decodeSafetensors, encodeSafetensors, type TensorEntry } from "./safetensors.ts";
import { type Config, type ConfigOptions, resolveConfig } from "./vae/config.ts";
import { layout, mapNetwork, type Network, type Shape } from "./vae/layout.ts";

/** The version of what a checkpoint holds; another one is refused. */
const VERSION = "1";

/** Metadata that a checkpoint has of its own. */
const OWN = ["elbo", "config", "optimizer", "step", "key"] as const;

/** A training state as plain arrays. */
export type Checkpoint = {
  readonly config: Config;
  readonly optimizer: Adam;
  readonly step: number;
  readonly key: Key;
  readonly params: Network<Float32Array>;
  readonly mu: Network<Float32Array>;
  readonly nu: Network<Float32Array>;
  /** There is one if, and only if, the optimizer has `averageDecay`. */
  readonly average?: Network<Float32Array>;
};

const TREES = ["params", "mu", "nu", "average"] as const;

/**
 * A checkpoint as a safetensors file: float32 tensors `params.…`, `mu.…`, `nu.…` and, where there is an average,
 * `average.…`, and in the metadata `elbo` (the version), `config`, `optimizer`, `step` and `key`, as JSON.
 *
 * @param checkpoint What to write.
 * @param metadata Further entries of the metadata, under other names.
 * @returns The file's bytes, the same for the same arguments.
 */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { config, optimizer, step, key } = checkpoint, shapes = layout(config);
  const tensors = new Map<string, TensorEntry>();
  for (const tree of TREES) {
    const network = checkpoint[tree], values: Float32Array[] = [];
    if (!network) continue;
    mapNetwork(network, (array) => values.push(array));
    let i = 0;
    mapNetwork(shapes, ({ shape }, name) => {
      const { buffer, byteOffset, byteLength } = values[i++];
      tensors.set(`${tree}.${name}`, { dtype: "F32", shape, data: new Uint8Array(buffer, byteOffset, byteLength) });
    });
  }
  const taken = OWN.find((name) => Object.hasOwn(metadata, name));
  if (taken) throw new RangeError(`Cannot write checkpoint: the metadata "${taken}" is its own`);
  return encodeSafetensors(tensors, {
    ...metadata,
    elbo: VERSION,
    config: JSON.stringify(config),
    optimizer: JSON.stringify(optimizer),
    step: JSON.stringify(step),
    key: JSON.stringify(key),
  });
}

/**
 * Reads what {@linkcode encodeCheckpoint} wrote.
 *
 * @param bytes The file's bytes.
 * @returns The checkpoint, its arrays copies, and all further metadata.
 * @throws {CheckpointError} If it is no such file: what was got and what was wanted.
 */
export function decodeCheckpoint(bytes: Uint8Array): { checkpoint: Checkpoint; metadata: Record<string, string> } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (!Object.hasOwn(metadata, "elbo")) throw mismatch("read", "metadata of elbo", "a file without it");
  if (metadata.elbo !== VERSION) throw mismatch("read", `version ${VERSION}`, `version ${metadata.elbo}`);
  const config = part(metadata, "config", (value) => resolveConfig(value as ConfigOptions));
  const optimizer = part(metadata, "optimizer", (value) => resolveAdam(value as Adam));
  const step = part(metadata, "step", (value) => {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`it is ${JSON.stringify(value)}`);
    return value as number;
  });
  const key = part(metadata, "key", (value) => {
    checkKey("Cannot read key", value as Key);
    return Object.freeze(value) as Key;
  });
  const shapes = layout(config);
  const tree = (name: string) => mapNetwork(shapes, ({ shape }, leaf) => take(tensors, `${name}.${leaf}`, shape));
  const trees = { params: tree("params"), mu: tree("mu"), nu: tree("nu") };
  const average = optimizer.averageDecay === undefined ? {} : { average: tree("average") };
  const checkpoint = { config, optimizer, step, key, ...trees, ...average };
  const [extra] = tensors.keys();
  if (extra !== undefined) throw mismatch("read", "no tensors but the model's", `one named ${JSON.stringify(extra)}`);
  const rest = Object.entries(metadata).filter(([name]) => !(OWN as readonly string[]).includes(name));
  return { checkpoint, metadata: Object.fromEntries(rest) };
}

/** A part of the metadata that is JSON. */
function part<T>(metadata: Record<string, string>, name: string, read: (value: unknown) => T): T {
  if (!Object.hasOwn(metadata, name)) throw mismatch("read", `metadata "${name}"`, "none");
  try {
    return read(JSON.parse(metadata[name]));
  } catch (error) {
    throw new CheckpointError(`Cannot read checkpoint: its ${name} is not valid: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A tensor's values, copied; it is taken out of the map. */
function take(tensors: Map<string, TensorEntry>, name: string, shape: Shape): Float32Array {
  const entry = tensors.get(name);
  if (!entry) throw mismatch("read", `a tensor ${name} of shape [${shape.join(", ")}]`, "none");
  if (entry.dtype !== "F32") throw mismatch("read", `${name} of type F32`, entry.dtype);
  if (entry.shape.length !== shape.length || entry.shape.some((size, i) => size !== shape[i])) {
    throw mismatch("read", `${name} of shape [${shape.join(", ")}]`, `[${entry.shape.join(", ")}]`);
  }
  tensors.delete(name);
  return new Float32Array(entry.data.slice().buffer);
}
