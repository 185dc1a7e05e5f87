import * as tf from "../backend/tf.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Adam } from "../optimizer.ts";
import type { Key } from "../random.ts";
import type { Config } from "../vae/config.ts";
import { layout, leaves, mapNetwork, names, type Network, type Parameter } from "../vae/layout.ts";
import { describe } from "./describe.ts";
import { checkTensor } from "./tensors.ts";

export { type Keyed, keyOf } from "../random.ts";

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
  /** The average of the parameters; there is one if, and only if, the optimizer has `averageDecay`. */
  readonly average?: Tensors | undefined;
  /** How many updates led here. */
  readonly step: number;
  readonly optimizer: Adam;
  /** From which `train` derives the keys of order and noise; split off by `init` from the key that it was given. */
  readonly key: Key;
};

/** The bytes of every parameter, checked against the architecture's shapes. */
export function checkNetwork(action: string, tree: Tensors, config: Config, what = "params"): Network<Matrix> {
  if (!tree?.encoder?.hidden || !tree.decoder?.hidden) {
    throw new TypeError(`${action}: expected ${what} of a model, got ${describe(tree)}`);
  }
  const shapes = layout(config), { encoder, decoder } = shapes;
  if (tree.encoder.hidden.length !== encoder.hidden.length || tree.decoder.hidden.length !== decoder.hidden.length) {
    throw new TypeError(
      `${action}: expected ${what} with ${encoder.hidden.length} and ${decoder.hidden.length} hidden layers, ` +
        `got ${tree.encoder.hidden.length} and ${tree.decoder.hidden.length}`,
    );
  }
  const network = mapNetwork(
    shapes,
    ({ shape }, name) => checkTensor(`${action}: ${what}.${name}`, find(tree, name), shape),
  );
  checkNoMore(action, tree, shapes, what);
  return network;
}

/** Throws if a tree has more than the model: what goes through trees side by side would pair the wrong tensors. */
function checkNoMore(action: string, tree: Tensors, shapes: Network<Parameter>, what: string): void {
  if (leaves(tree).length === leaves(shapes).length) return;
  const wanted = new Set(names(shapes)), extra = names(tree).find((name) => !wanted.has(name));
  throw new TypeError(`${action}: expected ${what} of the model's own architecture, got ${what}.${extra} besides`);
}

/** The parts of a name, such as `encoder.hidden.0.kernel`, so that a step does not cut it anew. */
const paths = new Map<string, string[]>();

/** The tensor of that name in a tree, if it is there. */
function find(tree: Tensors, name: string): tf.Tensor {
  let path = paths.get(name);
  if (!path) paths.set(name, path = name.split("."));
  let node: unknown = tree;
  for (const part of path) node = (node as Record<string, unknown> | undefined)?.[part];
  return node as tf.Tensor;
}

/** See {@linkcode checkNetwork}; the configuration travels with the parameters. */
export function checkParams(action: string, params: Params): Network<Matrix> {
  if (!params?.config) throw new TypeError(`${action}: expected params of a model, got ${describe(params)}`);
  return checkNetwork(action, params, params.config);
}

/** What a state has of each of its trees. */
export type Trees<T> = { readonly params: T; readonly mu: T; readonly nu: T; readonly average?: T | undefined };

/** The trees of a state: those that a step makes anew, and a checkpoint keeps. */
export function treesOf({ params, mu, nu, average }: State): Trees<Tensors> {
  return { params, mu, nu, ...average && { average } };
}

/** Applies `f` to each tree, with its name. */
export function mapTrees<T, U>(trees: Trees<T>, f: (tree: T, name: string) => U): Trees<U> {
  const { params, mu, nu, average } = trees;
  return {
    params: f(params, "params"),
    mu: f(mu, "mu"),
    nu: f(nu, "nu"),
    ...average !== undefined && { average: f(average, "average") },
  };
}

/** Throws unless `state` has the parts of a state; its tensors are checked where they are used. */
export function checkState(action: string, state: State): void {
  if (!state?.params?.config || !state.mu || !state.nu || !state.optimizer || !Number.isSafeInteger(state.step)) {
    throw new TypeError(`${action}: expected a state made by init, load or step, got ${describe(state)}`);
  }
  const wanted = state.optimizer.averageDecay !== undefined, got = state.average !== undefined;
  if (wanted === got) return;
  const word = (there: boolean) => there ? "with" : "without";
  throw new TypeError(
    `${action}: expected a state ${word(wanted)} an average, as its optimizer is ${word(wanted)} averageDecay, ` +
      `got one ${word(got)}`,
  );
}

/**
 * The model whose parameters are the average of those that training went through: it often does better than the last ones
 * (Polyak and Juditsky, 1992).
 *
 * A view: its tensors are the state's own, so they are disposed of, or donated, with it.
 *
 * @param state A state whose optimizer has `averageDecay`.
 * @returns Parameters of the same configuration.
 * @throws {TypeError} If the state keeps no average.
 *
 * @example
 * ```ts
 * import { averaged, generate, init, key, step, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const config = { input: 6, hidden: [5], latent: 2 };
 * const state = init(config, { key: key(0), optimizer: { averageDecay: 0.999 } });
 * const [next] = step(state, tf.ones([3, 6]), { key: key(1) });
 * assert.deepEqual(generate(averaged(next), { n: 4, key: key(2) }).shape, [4, 6]);
 * ```
 */
export function averaged(state: State): Params {
  const action = "Cannot give averaged parameters";
  checkState(action, state);
  if (state.average) return { config: state.params.config, ...state.average };
  throw new TypeError(`${action}: expected a state whose optimizer has averageDecay, got one without`);
}

/** The parameters to measure and to draw with: the averaged ones where the state has them, else its own. */
export function finalParams(state: State): Params {
  return state.average ? averaged(state) : state.params;
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
