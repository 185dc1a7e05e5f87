import { drift, normalize, normalizeBackward, normalizeBy, type Statistics } from "../kernels/batch_norm.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";

export { EPSILON } from "../kernels/batch_norm.ts";

/**
 * How far a step moves the running statistics towards those of its batch: PyTorch's momentum, 1 - decay elsewhere. As
 * the learning rate of plain gradient descent on them it makes them exponential moving averages, see
 * {@linkcode batchNormBackward}.
 */
export const MOMENTUM = 0.1;

/**
 * A layer of batch normalization, or anything else that has a value for each of its four vectors [1, H]. It starts with
 * scale 1, offset 0, mean 0, variance 1.
 */
export type BatchNorm<T> = {
  /** Learned: the deviation of each column of the output. */
  readonly scale: T;
  /** Learned: the mean of each column of the output. */
  readonly offset: T;
  /** Running mean of the input's columns, for inference. */
  readonly mean: T;
  /** Running unbiased variance of the input's columns, for inference. */
  readonly variance: T;
};

/** What the backward pass needs of the forward one. */
export type BatchNormTape = {
  /** [B, H]; must not change before the backward pass. */
  readonly x: Matrix;
  /** [B, H] */
  readonly y: Matrix;
  /** What x was normalized by: its own mean and biased variance in training, else the running ones. */
  readonly statistics: Statistics;
};

/**
 * y = (x - mean) / sqrt(variance + EPSILON) scale + offset for each column: Ioffe and Szegedy, Batch Normalization
 * (2015), algorithms 1 and 2. Where B = 1, or a column has one value throughout, y is the offset.
 *
 * @param x [B, H]
 * @param training By the batch's own statistics, which go to the arena; otherwise by the running ones.
 * @param out Where y [B, H] goes; without it, to the arena. It may be x only outside of training.
 */
export function batchNormForward(
  rt: Runtime,
  layer: BatchNorm<Matrix>,
  x: Matrix,
  training: boolean,
  out: Matrix = rt.arena.matrix(x.rows, x.cols),
): BatchNormTape {
  if (!training) {
    normalizeBy(rt, out, layer, x, layer);
    return { x, y: out, statistics: layer };
  }
  const statistics = { mean: rt.arena.matrix(1, x.cols), variance: rt.arena.matrix(1, x.cols) };
  normalize(rt, out, statistics, x, layer);
  return { x, y: out, statistics };
}

/**
 * Batch normalization, backward through the batch's statistics; after a forward pass in training only.
 *
 * The running statistics do not enter the loss. In place of a gradient, `grads.mean` receives mean - m and
 * `grads.variance` variance - v, where m is the batch's mean and v its unbiased variance (the biased one where B = 1):
 * the gradients of (mean - m)^2 / 2 and (variance - v)^2 / 2. So one step of plain gradient descent at the rate
 * {@linkcode MOMENTUM}, mean' = mean - MOMENTUM (mean - m) = (1 - MOMENTUM) mean + MOMENTUM m, is the exponential moving
 * average, and the layer's state changes where all parameters do: in the optimizer, and nowhere else.
 *
 * @param grads Where the gradients go; overwritten.
 * @param dy [B, H]
 * @param dx Where the gradient of x [B, H] goes; may be dy, or the tape's x.
 */
export function batchNormBackward(
  rt: Runtime,
  layer: BatchNorm<Matrix>,
  grads: BatchNorm<Matrix>,
  { x, statistics }: BatchNormTape,
  dy: Matrix,
  dx: Matrix,
): void {
  normalizeBackward(rt, dx, grads, dy, x, statistics, layer.scale);
  drift(rt, grads, layer, statistics, x.rows);
}
