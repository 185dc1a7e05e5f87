import type { Activation } from "../kernels/activation.ts";
import { type Matrix, size } from "../kernels/heap.ts";
import type { Window } from "../kernels/patches.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { type BatchNorm, batchNormBackward, batchNormForward, type BatchNormTape } from "./batch_norm.ts";
import { convBackward, convForward, type ConvTape, convTransposeBackward, convTransposeForward } from "./conv.ts";
import { denseBackward, denseForward, type DenseMatrices, type DenseTape } from "./dense.ts";

/** A layer's product: dense, a convolution, or the adjoint of one, whose window is that of the convolution. */
export type Kind = { readonly kind: "dense" } | { readonly kind: "conv" | "transposed"; readonly window: Window };

/** The kind that has no window. */
export const DENSE: Kind = { kind: "dense" };

/** Parameters of a layer: product, bias, activation, and then batch normalization if there is one. */
export type LayerMatrices = DenseMatrices & { readonly norm?: BatchNorm<Matrix> | undefined };

/** What the backward pass needs of the forward one. */
export type LayerTape = {
  /** What comes out, an example a row: [B, N]. */
  readonly y: Matrix;
  readonly product: DenseTape | ConvTape;
  readonly norm?: BatchNormTape | undefined;
};

/** The same memory with so many rows. */
function withRows(m: Matrix, rows: number): Matrix {
  return { ptr: m.ptr, rows, cols: size(m) / rows };
}

/**
 * A layer, forward. x [B, ·]: images are rows of height, width and channels.
 *
 * @param training Whether batch normalization goes by the batch's own statistics.
 * @param out Where y [B, ·] goes; without it, to the arena.
 */
export function layerForward(
  rt: Runtime,
  kind: Kind,
  layer: LayerMatrices,
  x: Matrix,
  activation: Activation,
  training: boolean,
  out?: Matrix,
): LayerTape {
  const product = productForward(rt, kind, layer, x, activation, layer.norm ? undefined : out);
  if (!layer.norm) return { y: withRows(product.y, x.rows), product };
  const channels = layer.bias.cols, rows = size(product.y) / channels;
  const to = out && { ptr: out.ptr, rows, cols: channels };
  const norm = batchNormForward(rt, layer.norm, withRows(product.y, rows), training, to);
  return { y: withRows(norm.y, x.rows), product, norm };
}

function productForward(
  rt: Runtime,
  kind: Kind,
  layer: DenseMatrices,
  x: Matrix,
  activation: Activation,
  out?: Matrix,
): DenseTape | ConvTape {
  if (kind.kind === "dense") return denseForward(rt, layer, x, activation, out);
  const forward = kind.kind === "conv" ? convForward : convTransposeForward;
  return forward(rt, layer, x, kind.window, activation, out);
}

/**
 * A layer, backward, after a forward pass in training.
 *
 * @param grads Where the gradients go; see {@linkcode batchNormBackward} for those of running statistics.
 * @param dy [B, ·]; used up.
 * @param dx Where the gradient of x goes; left out for a first layer.
 */
export function layerBackward(
  rt: Runtime,
  kind: Kind,
  layer: LayerMatrices,
  grads: LayerMatrices,
  { product, norm }: LayerTape,
  dy: Matrix,
  activation: Activation,
  dx?: Matrix,
): void {
  if (norm) {
    const d = withRows(dy, norm.x.rows);
    batchNormBackward(rt, layer.norm!, grads.norm!, norm, d, d);
  }
  if (kind.kind === "dense") return denseBackward(rt, layer, grads, product as DenseTape, dy, activation, dx);
  const backward = kind.kind === "conv" ? convBackward : convTransposeBackward;
  backward(rt, layer, grads, product as ConvTape, dy, activation, dx);
}
