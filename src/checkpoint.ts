import { mismatch } from "./checkpoint_error.ts";
import { show } from "./checks/show.ts";
import { checkMetadata, furtherMetadata, part, partsOf } from "./metadata.ts";
import { checkAllTaken, checkFinite, type Digest, hashed, open, takeTree, TREES, VERSION } from "./model_file.ts";
import { type Adam, ADAM_SETTINGS, resolveAdam } from "./optimizer.ts";
import { checkKey, type Key } from "./random.ts";
import { encodeSafetensors, type TensorEntry } from "./safetensors.ts";
import type { Config } from "./vae/config.ts";
import { layout, mapNetwork, type Network } from "./vae/layout.ts";

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
  readonly average?: Network<Float32Array> | undefined;
};

/**
 * A checkpoint as a safetensors file: float32 tensors `params.…`, `mu.…`, `nu.…` and, where there is an average,
 * `average.…`, and in the metadata `elbo` (the version), `config`, `optimizer`, `step` and `key`, as JSON.
 *
 * @param checkpoint What to write.
 * @param metadata Further entries of the metadata, under other names.
 * @param digest Makes the entry `sha256`, of the tensors' bytes; left out, there is none.
 * @returns The file's bytes, the same for the same arguments.
 * @throws {CheckpointError} If a value is not finite, or something is too long, so that the file could not be read again.
 */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  metadata: Readonly<Record<string, string>> = {},
  digest?: Digest,
): Uint8Array<ArrayBuffer> {
  checkMetadata(metadata);
  const { config, optimizer, step, key } = checkpoint, shapes = layout(config);
  const tensors = new Map<string, TensorEntry>();
  for (const tree of TREES) {
    const network = checkpoint[tree], values: Float32Array[] = [];
    if (!network) continue;
    mapNetwork(network, (array) => values.push(array));
    let i = 0;
    mapNetwork(shapes, ({ shape }, name) => {
      const { buffer, byteOffset, byteLength } = values[i++]!;
      const entry = { dtype: "F32", shape, data: new Uint8Array(buffer, byteOffset, byteLength) } as const;
      checkFinite("write", `${tree}.${name}`, entry);
      tensors.set(`${tree}.${name}`, entry);
    });
  }
  return encodeSafetensors(tensors, {
    ...metadata,
    elbo: VERSION,
    ...partsOf({ config, optimizer, step, key }),
    ...hashed(tensors, digest),
  });
}

/**
 * Reads what {@linkcode encodeCheckpoint} wrote.
 *
 * @param bytes The file's bytes.
 * @param digest Checks the tensors against the file's `sha256`, if it has one.
 * @returns The checkpoint, its arrays copies, and all further metadata.
 * @throws {CheckpointError} If it is no such file: what was got and what was wanted.
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  digest?: Digest,
): { checkpoint: Checkpoint; metadata: Record<string, string> } {
  const file = open(bytes, digest), { config, metadata } = file;
  if (Object.hasOwn(metadata, "exported")) {
    throw mismatch("read", "a training state", "a model exported for inference, which has no optimizer state");
  }
  const optimizer = part(metadata, "optimizer", (value) => resolveAdam(known(value)));
  const step = part(metadata, "step", (value) => {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`it is ${show(value)}`);
    return value as number;
  });
  const key = part(metadata, "key", (value) => {
    checkKey("Cannot read key", value as Key);
    return Object.freeze(value) as Key;
  });
  const tree = (name: string) => takeTree(file, name, copied);
  const trees = { params: tree("params"), mu: tree("mu"), nu: tree("nu") };
  const average = optimizer.averageDecay === undefined ? {} : { average: tree("average") };
  checkAllTaken(file);
  return {
    checkpoint: { config, optimizer, step, key, ...trees, ...average },
    metadata: furtherMetadata(file.metadata),
  };
}

/**
 * Adam's settings of a file, without names that there are not: elbo 0.1 stored whatever it was given, such as `lr`, and
 * trained without it.
 */
function known(value: unknown): Partial<Adam> {
  if (typeof value !== "object" || value === null) return value as Partial<Adam>;
  return Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(ADAM_SETTINGS, name)));
}

/** A tensor's values, copied. */
function copied({ dtype, data }: TensorEntry, name: string): Float32Array {
  if (dtype !== "F32") throw mismatch("read", `${name} of type F32`, dtype);
  return new Float32Array(data.slice().buffer);
}
