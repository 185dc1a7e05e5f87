import { activate, activateBackward, type Activation, preActivation } from "../kernels/activation.ts";
import { gemm } from "../kernels/dense.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";

/** y = activation(x kernel + bias): kernel [I, O], bias [1, O]. */
export type DenseMatrices = { readonly kernel: Matrix; readonly bias: Matrix };

/** What the backward pass needs of the forward one. */
export type DenseTape = {
  /** [B, I] */
  readonly x: Matrix;
  /** [B, O] */
  readonly y: Matrix;
  /** [B, O]: what the activation's derivative is computed from. */
  readonly saved: Matrix;
};

/**
 * A dense layer, forward. x [B, I].
 *
 * @param out Where y [B, O] goes; without it, to the arena.
 */
export function denseForward(
  rt: Runtime,
  { kernel, bias }: DenseMatrices,
  x: Matrix,
  activation: Activation,
  out: Matrix = rt.arena.matrix(x.rows, kernel.cols),
): DenseTape {
  const pre = preActivation(rt, out, activation);
  gemm(rt, pre, x, kernel, { bias, relu: activation === "relu" });
  if (activation !== "relu" && activation !== "identity") activate(rt, out, pre, activation);
  return { x, y: out, saved: pre };
}

/**
 * A dense layer, backward. Writes dkernel = x^T d and dbias = sum of the rows of d, where d = dy activation'(...).
 *
 * @param grads Where the gradients go.
 * @param dy [B, O]; holds d afterwards.
 * @param dx Where d kernel^T [B, I] goes; left out for a first layer.
 * @param accumulate Add to what dx holds.
 */
export function denseBackward(
  rt: Runtime,
  { kernel }: DenseMatrices,
  grads: DenseMatrices,
  { x, saved }: DenseTape,
  dy: Matrix,
  activation: Activation,
  dx?: Matrix,
  accumulate = false,
): void {
  activateBackward(rt, dy, saved, grads.bias, activation);
  gemm(rt, grads.kernel, x, dy, { ta: true });
  if (dx) gemm(rt, dx, dy, kernel, { tb: true, accumulate });
}
