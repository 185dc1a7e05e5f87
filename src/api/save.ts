import * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../checkpoint.ts";
import { layout, leaves, mapNetwork, type Network } from "../vae/layout.ts";
import { checkNetwork, checkState, DISPOSABLE, mapTrees, type State, type Tensors, treesOf } from "./state.ts";
import { allOrNothing } from "./tensors.ts";

/** Options of {@linkcode save}. */
export type SaveOptions = {
  /** Further entries of the file's metadata, under names that elbo does not use itself. */
  readonly metadata?: Readonly<Record<string, string>>;
};

const OPTIONS: Names<SaveOptions> = { metadata: true };

/**
 * A state as a safetensors file: parameters, moments, average, step, key and configuration. Training that goes on from it gives the
 * same bits as training that never stopped.
 *
 * @param state The state; borrowed.
 * @param options.metadata Further entries of the file's metadata, under names of your own.
 * @returns The file's bytes, the same for the same state.
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
  return encodeCheckpoint({ config, optimizer, step, key, ...mapTrees(treesOf(state), arrays) }, options.metadata);
}

/**
 * Reads a state that {@linkcode save} wrote. The caller owns the result.
 *
 * @param bytes The file's bytes.
 * @returns The state.
 * @throws {CheckpointError} If it is no such file: what was got and what was wanted. Nothing is leaked.
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
export function load(bytes: Uint8Array): tf.Owned<State> {
  const { checkpoint } = decodeCheckpoint(bytes), { config, optimizer, step, key } = checkpoint;
  const shapes = leaves(layout(config));
  const tensors = (tree: Network<Float32Array>): Tensors => {
    let i = 0;
    return mapNetwork(tree, (values) => tf.tensor(values, [...shapes[i++].shape]));
  };
  return allOrNothing(() => {
    const trees = mapTrees(checkpoint, tensors);
    return { ...trees, params: { config, ...trees.params }, step, optimizer, key, ...DISPOSABLE };
  });
}
