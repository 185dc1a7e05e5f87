import { createHash } from "node:crypto";
import * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../checkpoint.ts";
import { layout, leaves, mapNetwork, type Network } from "../vae/layout.ts";
import { describe } from "./describe.ts";
import { markFinite } from "./finite.ts";
import { checkNetwork, checkState, DISPOSABLE, mapTrees, type State, type Tensors, treesOf } from "./state.ts";
import { allOrNothing } from "./tensors.ts";

/** Options of {@linkcode save}. */
export type SaveOptions = {
  /** Further entries of the file's metadata, under names that elbo does not use itself. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
};

const OPTIONS: Names<SaveOptions> = { metadata: true };

/**
 * A state as a safetensors file: parameters, moments, average, step, key and configuration. Training that goes on from it gives the
 * same bits as training that never stopped.
 *
 * @param state The state; borrowed.
 * @param options.metadata Further entries of the file's metadata, under names of your own.
 * @returns The file's bytes, the same for the same state.
 * @throws {CheckpointError} If a value is not finite, or the metadata are more than a file holds: 2 MiB, 4,096 entries.
 * @throws {TypeError} If a tensor of the state was disposed of or donated.
 *
 * @example
 * ```ts
 * import { init, key, load, save } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const state = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * assert.deepEqual(save(load(save(state))), save(state));
 * ```
 */
export function save(
  state: State,
  options: SaveOptions = {},
): Uint8Array<ArrayBuffer> {
  const action = "Cannot save";
  checkOptions(action, options, OPTIONS);
  checkState(action, state);
  const { params, optimizer, step, key } = state, { config } = params;
  const arrays = (tree: Tensors, name: string) => {
    checkNetwork(action, tree, config, name);
    return mapNetwork(tree, (tensor) => tensor.dataSync() as Float32Array);
  };
  return encodeCheckpoint(
    { config, optimizer, step, key, ...mapTrees(treesOf(state), arrays) },
    options.metadata,
    sha256,
  );
}

/**
 * Reads a state that {@linkcode save} wrote. The caller owns the result.
 *
 * @param bytes The file's bytes: an array or a view of them, or an `ArrayBuffer`.
 * @returns The state.
 * @throws {TypeError} If they are no bytes.
 * @throws {CheckpointError} If it is no such file, or a damaged one: what was got and what was wanted. Nothing is leaked.
 *
 * @example
 * ```ts
 * import { init, key, load, save } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const state = load(save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) })));
 * assert.equal(state.step, 0);
 * assert.throws(() => load(new Uint8Array(3)), /Cannot read checkpoint/);
 * ```
 */
export function load(bytes: ArrayBuffer | ArrayBufferView): tf.Owned<State> {
  const { checkpoint } = decodeCheckpoint(bytesOf(bytes), sha256), { config, optimizer, step, key } = checkpoint;
  const shapes = leaves(layout(config));
  const tensors = (tree: Network<Float32Array>): Tensors => {
    let i = 0;
    return mapNetwork(tree, (values) => tf.tensor(values, [...shapes[i++]!.shape]));
  };
  return allOrNothing(() => {
    const trees = mapTrees(checkpoint, tensors);
    const state = { ...trees, params: { config, ...trees.params }, step, optimizer, key, ...DISPOSABLE };
    markFinite(state);
    return state;
  });
}

/** The bytes of a file, of whatever holds them. */
function bytesOf(bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hint = typeof bytes === "string"
    ? "; write load(await Deno.readFile(path)) for a file"
    : (bytes as unknown) instanceof Response
    ? "; write load(await response.bytes())"
    : "";
  throw new TypeError(`Cannot load: expected the bytes of a file, got ${describe(bytes)}${hint}`);
}

/** SHA-256 as hexadecimal digits. */
export function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
