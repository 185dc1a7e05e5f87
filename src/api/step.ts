import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { adamUpdate, mayOverflow, rule, type Slot } from "../optimizer.ts";
import type { Config } from "../vae/config.ts";
import { hasBatchNorm } from "../vae/config.ts";
import { layout, leaves, mapNetwork, names, type Network } from "../vae/layout.ts";
import { lossBackward } from "../vae/loss.ts";
import { OLD_OBJECTIVE, resolveObjective } from "../vae/objective.ts";
import { termsIn } from "../vae/terms.ts";
import { batchOf, modelOf } from "./examples.ts";
import { checkFinite, checkGradients, markFinite } from "./finite.ts";
import { LOSS, type LossOptions, type Metrics, metricsOf } from "./loss.ts";
import {
  checkNetwork,
  checkParams,
  checkState,
  DISPOSABLE,
  keyOf,
  mapTrees,
  type Params,
  type State,
  type Tensors,
  type Trees,
  treesOf,
} from "./state.ts";
import { allOrNothing, emptyTensor, matrixOf, ownsBytes, takeBytes } from "./tensors.ts";

/** The gradients of a batch in the arena, for the caller's scope. */
function backward(
  action: string,
  params: Params,
  x: tf.Tensor2D,
  options: LossOptions,
  grads: Network<Matrix>,
  step?: number,
): Metrics {
  const key = keyOf(action, options), objective = resolveObjective(action, options);
  const model = modelOf(action, params), rt = runtime();
  const batch = batchOf(`${action} ${step === undefined ? "of" : "with"} x`, model.config, x, options);
  if (batch.x.rows === 1 && hasBatchNorm(model.config)) {
    throw new RangeError(
      `${action}: expected at least two examples for batch normalization, which has no variance of one`,
    );
  }
  const terms = termsIn(rt, batch.x.rows);
  lossBackward(rt, model, grads, batch, key, objective, terms);
  return metricsOf(rt, action, terms, objective, step);
}

/**
 * The gradient of the batch's mean of `perExampleLoss(params, x, { ...options, training: true })` by every parameter, for
 * that same key. A running statistic of batch normalization has none: in its place stands how far it is off that of the batch.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D]; for a Bernoulli likelihood in [0, 1].
 * @param options.key The random key.
 * @param options.beta Weight of the KL term, at least 0; default 1.
 * @returns A tensor for each parameter, of its shape, and the metrics in nats per example.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, `key` is not a key, or an option is unknown.
 * @throws {RangeError} If x or `beta` is out of range.
 * @throws {LossError} If a term of the loss is not finite.
 *
 * @example
 * ```ts
 * import { gradients, init, key, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * const [grads, metrics] = gradients(params, tf.ones([3, 6]), { key: key(1) });
 * assert.deepEqual(grads.decoder.output.kernel.shape, [5, 6]);
 * assert.equal(metrics.loss, metrics.reconstruction + metrics.kl);
 * ```
 */
export function gradients(params: Params, x: tf.Tensor2D, options: LossOptions): [tf.Owned<Tensors>, Metrics] {
  checkOptions("Cannot compute gradients", options, LOSS, "options", OLD_OBJECTIVE);
  checkParams("Cannot compute gradients", params);
  return allOrNothing(() => {
    const grads = mapNetwork(layout(params.config), ({ shape }): tf.Tensor => emptyTensor(shape));
    const out = mapNetwork(grads, (tensor) => matrixOf(tensor));
    return [
      { ...grads, ...DISPOSABLE },
      runtime().arena.scope(() => backward("Cannot compute gradients", params, x, options, out)),
    ];
  });
}

/** Options of {@linkcode update} and {@linkcode step}. */
export type DonateOptions = {
  /** Reuse the given state's memory; that state's tensors are disposed of, and any use of it throws. */
  readonly donate?: boolean | undefined;
};

const UPDATE: Names<DonateOptions> = { donate: true };
const STEP: Names<LossOptions & DonateOptions> = { ...LOSS, ...UPDATE };

/** The state after an update by gradients in the heap; `share` is the weight of the batch's statistics, from 0 to 1. */
function advance(
  action: string,
  state: State,
  grads: Network<Matrix>,
  { donate = false }: DonateOptions,
  share = 1,
): tf.Owned<State> {
  if (typeof donate !== "boolean") {
    throw new TypeError(`${action}: expected donate to be true or false, got ${show(donate)}`);
  }
  const { params: { config }, optimizer, step } = state, trees = treesOf(state), rt = runtime();
  const from = slots(mapTrees(trees, (tree, name) => checkNetwork(action, tree, config, name)));
  const where = names(grads), rules = where.map(rule), what = `${action} at step ${step}`;
  checkGradients(rt, what, leaves(grads), where, rules, optimizer);
  for (const [name, tree] of Object.entries(trees)) checkFinite(rt, action, tree!, name);
  return allOrNothing(() => {
    // Where the update itself may overflow, it is looked through before the old state is given up.
    const risky = mayOverflow(optimizer, step);
    const heir = (tensor: tf.Tensor) =>
      donate && !risky && ownsBytes(tensor) ? takeBytes(tensor) : emptyTensor(tensor.shape);
    const next: Trees<Tensors> = mapTrees(trees, (tree) => mapNetwork(tree, heir));
    const to = slots(mapTrees(next, (tree) => mapNetwork(tree, (tensor) => matrixOf(tensor))));
    adamUpdate(rt, to, from, leaves(grads), optimizer, step + 1, rules, share);
    if (risky) { for (const [name, tree] of Object.entries(next)) checkFinite(rt, what, tree!, name); }
    const made = { ...state, ...next, params: { config, ...next.params }, step: step + 1, ...DISPOSABLE };
    markFinite(made);
    if (donate) { for (const tree of Object.values(trees)) for (const tensor of leaves(tree!)) tensor.dispose(); }
    return made;
  });
}

/** What a step needs of each parameter, in order. */
function slots(trees: Trees<Network<Matrix>>): Slot[] {
  const lists = mapTrees(trees, leaves<Matrix>);
  return lists.params.map((_, i) => mapTrees(lists, (list) => list[i]!));
}

/**
 * The state after one step of Adam with these gradients (Kingma and Ba 2015, algorithm 1), with clipping, weight decay,
 * schedule and average as `state.optimizer` has them.
 *
 * Borrows its arguments, unless the state is donated; the caller owns the result.
 *
 * @param state The state before.
 * @param grads A gradient for each parameter, as {@linkcode gradients} gives them.
 * @param options.donate Reuse the state's memory; any use of it then throws. Default false.
 * @returns The state after, its `step` one higher.
 * @throws {TypeError} If a tensor has another shape than its parameter, or was disposed of, or an option is unknown.
 * @throws {LossError} If a gradient is not finite, or a value of the state after would not be: the message names the
 * tensor. The state before is unchanged.
 *
 * @example
 * ```ts
 * import { gradients, init, key, tf, update } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const state = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * const [grads] = gradients(state.params, tf.ones([3, 6]), { key: key(1) });
 * assert.equal(update(state, grads).step, 1);
 * ```
 */
export function update(state: State, grads: Tensors, options: DonateOptions = {}): tf.Owned<State> {
  const action = "Cannot update";
  checkOptions(action, options, UPDATE);
  checkState(action, state);
  return advance(action, state, checkNetwork(action, grads, state.params.config, "grads"), options);
}

/**
 * One step of training: gradients, then update, with no tensor in between.
 *
 * Borrows its arguments, unless the state is donated; the caller owns the result.
 *
 * @param state The state before.
 * @param x A batch, float32 [B, D], B from 1; for a Bernoulli likelihood in [0, 1].
 * @param options.key The random key of this step, such as `foldIn(key, state.step)`.
 * @param options.beta Weight of the KL term, at least 0; default 1.
 * @param options.donate Reuse the state's memory; any use of it then throws. Default false.
 * @returns The state after, and the batch's metrics before the update, in nats per example.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, `key` is not a key, or an option is unknown.
 * @throws {RangeError} If x or `beta` is out of range, or x has one example and the model batch normalization.
 * @throws {LossError} If a term of the loss is not finite, or a value of the state after the step would not be: the message
 * names the tensor. The state before is unchanged and can still be used, also where it was to be donated.
 *
 * @example
 * ```ts
 * import { foldIn, init, key, step, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * let state = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * const losses: number[] = [];
 * for (let i = 0; i < 50; i++) {
 *   const [next, metrics] = step(state, tf.ones([3, 6]), { key: foldIn(key(1), state.step), donate: true });
 *   state = next;
 *   losses.push(metrics.loss);
 * }
 * assert(losses[49] < losses[0]);
 * ```
 */
export function step(state: State, x: tf.Tensor2D, options: LossOptions & DonateOptions): [tf.Owned<State>, Metrics] {
  const action = "Cannot step";
  checkOptions(action, options, STEP, "options", OLD_OBJECTIVE);
  checkState(action, state);
  return trainStep(state, x, options);
}

/**
 * {@linkcode step}, without its checks of options and state.
 *
 * @param options.share The batch's size over that of a whole batch, from 0 to 1: a short last batch moves the running
 * statistics of batch normalization by that share of what a whole one does, so that every example counts alike.
 */
export function trainStep(
  state: State,
  x: tf.Tensor2D,
  options: LossOptions & DonateOptions & { readonly share?: number | undefined },
): [tf.Owned<State>, Metrics] {
  const action = "Cannot step", rt = runtime(), { params } = state;
  return rt.arena.scope(() => {
    const grads = gradientBuffers(rt, params.config);
    const metrics = backward(action, params, x, options, grads, state.step);
    return [advance(action, state, grads, options, options.share), metrics];
  });
}

function gradientBuffers(rt: Runtime, config: Config): Network<Matrix> {
  return mapNetwork(layout(config), ({ shape }) => {
    const columns = shape.at(-1)!;
    return rt.arena.matrix(shape.reduce((n, size) => n * size, 1) / columns, columns);
  });
}
