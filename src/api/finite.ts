import type * as tf from "../backend/tf.ts";
import { findOutside, MOST } from "../kernels/batch.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Adam, Rule } from "../optimizer.ts";
import { leaves, mapNetwork } from "../vae/layout.ts";
import { LossError } from "./loss.ts";
import { type State, type Tensors, treesOf } from "./state.ts";
import { matrixOf } from "./tensors.ts";

/**
 * Tensors that are known to hold finite values only, since `init`, `load` or a step made them. What is not among them, as
 * in a state that was put together by hand, is looked through once before a step.
 */
const finiteTensors = new WeakSet<tf.Tensor>();

/**
 * Notes that all tensors of a state hold finite values.
 *
 * @param state A state that was just made and checked.
 */
export function markFinite(state: State): void {
  for (const tree of Object.values(treesOf(state))) for (const tensor of leaves(tree!)) finiteTensors.add(tensor);
}

/**
 * The largest gradient whose square float32 holds: Adam's second moment is made of squares, and once one of them is
 * infinite its parameter never changes again.
 */
const MOST_GRADIENT = 1.8446743e19;

/** Throws unless Adam can take the gradients: all of them finite, and their squares, after clipping, too. */
export function checkGradients(
  rt: Runtime,
  what: string,
  grads: readonly Matrix[],
  where: readonly string[],
  rules: readonly Rule[],
  { clipNorm }: Adam,
): void {
  grads.forEach((grad, i) => {
    const most = rules[i] === "statistic" || clipNorm !== undefined ? MOST : MOST_GRADIENT;
    const at = findOutside(rt, grad, -most, most);
    if (at < 0) return;
    const wrong = floats(rt.heap, grad)[at];
    const why = Number.isFinite(wrong) ? `${wrong}, whose square float32 does not hold,` : `${wrong}`;
    throw new LossError(
      `${what}: expected finite gradients, got ${why} in ${where[i]}; the state before is unchanged; ` +
        `inputs near 1, a lower learning rate or clipNorm may help`,
    );
  });
}

/** Throws unless all values of a tree are finite; those of tensors that are known to be are not looked at. */
export function checkFinite(rt: Runtime, action: string, tree: Tensors, name: string): void {
  mapNetwork(tree, (tensor, leaf) => {
    if (finiteTensors.has(tensor)) return;
    const m = matrixOf(tensor), at = findOutside(rt, m, -MOST, MOST);
    if (at < 0) return;
    throw new LossError(
      `${action}: expected finite values, got ${floats(rt.heap, m)[at]} in ${name}.${leaf}; ` +
        `the state before is unchanged; a lower learning rate may help`,
    );
  });
}
