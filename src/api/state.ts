import * as tf from "../backend/tf.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Adam } from "../optimizer.ts";
import { checkKey, type Key } from "../random.ts";
import type { Config } from "../vae/config.ts";
import { layout, leaves, mapNetwork, type Network } from "../vae/layout.ts";
import { checkTensor } from "./tensors.ts";

/** A tensor for each parameter: kernels [inputs, outputs], biases [outputs], float32. */
export type Tensors = Network<tf.Tensor>;

/** A model: its parameters, and the architecture that says how they are used. */
export type Params = Tensors & { readonly config: Config };

/** Everything that training changes, and what it needs besides data. Immutable: each step makes a new one. */
export type State = {
  readonly params: Params;
  /** Adam's first moments. */
  readonly mu: Tensors;
  /** Adam's second moments. */
  readonly nu: Tensors;
  /** How many updates led here. */
  readonly step: number;
  readonly optimizer: Adam;
  /** From which `train` derives the keys of order and noise; split off by `init` from the key that it was given. */
  readonly key: Key;
};

/** The bytes of every parameter, checked against the architecture's shapes. */
export function checkNetwork(action: string, tree: Tensors, config: Config, what = "params"): Network<Matrix> {
  if (!tree?.encoder?.hidden || !tree.decoder?.hidden) {
    throw new TypeError(`${action}: expected ${what} of a model, got ${tree === null ? "null" : typeof tree}`);
  }
  const shapes = layout(config), { encoder, decoder } = shapes;
  if (tree.encoder.hidden.length !== encoder.hidden.length || tree.decoder.hidden.length !== decoder.hidden.length) {
    throw new TypeError(
      `${action}: expected ${what} with ${encoder.hidden.length} and ${decoder.hidden.length} hidden layers, ` +
        `got ${tree.encoder.hidden.length} and ${tree.decoder.hidden.length}`,
    );
  }
  const missing = !tree.encoder.mean || !tree.encoder.logVar || !tree.decoder.output ||
    [...tree.encoder.hidden, ...tree.decoder.hidden].some((layer) => !layer);
  if (missing) throw new TypeError(`${action}: expected ${what} with all layers of a model, got some without`);
  const tensors = leaves(tree);
  let i = 0;
  return mapNetwork(shapes, (shape, name) => checkTensor(`${action}: ${what}.${name}`, tensors[i++], shape));
}

/** See {@linkcode checkNetwork}; the configuration travels with the parameters. */
export function checkParams(action: string, params: Params): Network<Matrix> {
  if (!params?.config) throw new TypeError(`${action}: expected params of a model, got ${typeof params}`);
  return checkNetwork(action, params, params.config);
}

/** Throws unless `state` has the parts of a state; its tensors are checked where they are used. */
export function checkState(action: string, state: State): void {
  if (!state?.params?.config || !state.mu || !state.nu || !state.optimizer || !Number.isSafeInteger(state.step)) {
    throw new TypeError(`${action}: expected a state made by init, load or step, got ${typeof state}`);
  }
}

/** Options that name a key. */
export type Keyed = {
  /** The random key; the same key gives the same result. */
  readonly key: Key;
};

/** The key of an options object. */
export function keyOf(action: string, options: Keyed): Key {
  checkKey(action, options?.key);
  return options.key;
}

/**
 * Disposes of every tensor in a tree: a state, parameters, gradients, a posterior, an array of them. What is disposed of
 * already is passed over.
 *
 * @param tree Anything that holds tensors.
 *
 * @example
 * ```ts
 * import { dispose, init, key, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const before = tf.memory().numTensors;
 * const state = init({ input: 4, hidden: [3], latent: 2 }, { key: key(0) });
 * dispose(state);
 * assert.equal(tf.memory().numTensors, before);
 * ```
 */
export function dispose(tree: unknown): void {
  tf.dispose(tree);
}

/** What makes a tree work with `using`: spread into it. */
export const DISPOSABLE: Disposable = {
  [Symbol.dispose](this: unknown): void {
    dispose(this);
  },
};
