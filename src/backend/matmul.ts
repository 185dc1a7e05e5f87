import { show } from "../checks/show.ts";
import { gemm } from "../kernels/dense.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { broadcastIndices, broadcastsTo } from "./broadcast.ts";
import { activateFused, fill, FUSABLE, type Fused, type Repeated } from "./epilogue.ts";
import * as tf from "./tf.ts";
import { type BackendWasm, dataOf } from "./tfjs_wasm.ts";

const VIEWS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Where tensors are and what computes on them. */
export type Site = { readonly backend: BackendWasm; readonly runtime: Runtime };

/** The operands of tfjs's `BatchMatMul` and `_FusedMatMul`; the first has the first two only. */
export type MatMulInputs = {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly bias?: tf.TensorInfo | undefined;
  readonly preluActivationWeights?: tf.TensorInfo | undefined;
};

/** Their attributes; the first has the first two only. */
export type MatMulAttributes = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string | undefined;
  readonly leakyreluAlpha?: number | undefined;
};

/**
 * activation(op(a) op(b) + bias), as tfjs defines it: op(x) is x or its transpose; a is [..., M, K] and b [..., K, N],
 * whose batch dimensions broadcast; bias and the weights of a prelu broadcast to the result [..., M, N].
 *
 * @throws {Error} If a or b is not float32, as tfjs's own kernels do.
 * @throws {TypeError} If shapes do not fit, or the activation is none of tfjs's.
 * @throws {RangeError} If the heap has no room for the result.
 */
export function matMul(site: Site, inputs: MatMulInputs, attributes: MatMulAttributes): tf.TensorInfo {
  const { runtime: rt } = site, { a, b, bias, preluActivationWeights: weights } = inputs;
  const { transposeA: ta, transposeB: tb, activation = "linear", leakyreluAlpha: alpha = 0 } = attributes;
  if (a.dtype !== "float32" || b.dtype !== "float32") {
    throw new Error(`Cannot multiply ${a.dtype} by ${b.dtype}: the wasm backend multiplies float32 matrices only`);
  }
  const { batch, batchA, batchB, M, N, K } = shapesOf(a.shape, b.shape, ta, tb);
  const shape = [...batch, M, N], name = FUSABLE.find((known) => known === activation);
  if (!name) throw new TypeError(`Cannot fuse matMul: unknown activation ${show(activation)}`);
  if (name === "prelu" && !weights) throw new TypeError("Cannot fuse matMul: expected the weights of prelu, got none");

  // tfjs moves an operand here if another backend has it; that may take room, so all of them come before the result.
  const pointerA = pointerOf(site, a), pointerB = pointerOf(site, b);
  const rowBias = bias && K > 0 && isRow(bias, N) ? { ptr: pointerOf(site, bias), rows: 1, cols: N } : undefined;
  const fullBias = bias && !rowBias ? repeated(site, "bias", bias, shape) : undefined;
  const slopes = weights && name === "prelu" ? repeated(site, "prelu weights", weights, shape) : undefined;
  const out = site.backend.makeOutput(shape, "float32"), size = tf.util.sizeFromShape(shape);
  if (size === 0) return out;

  const whole: Matrix = { ptr: pointerOf(site, out), rows: size / N, cols: N };
  const fused: Fused = { name, alpha, weights: slopes };
  if (fullBias) fill(rt, whole, shape, fullBias);
  if (K === 0) {
    if (!fullBias) fill(rt, whole, shape, { values: [0], shape: [] });
    activateFused(rt, whole, shape, fused);
    return out;
  }
  const relu = name === "relu", options = { ta, tb, bias: rowBias, accumulate: fullBias !== undefined, relu };
  const count = size / (M * N);
  if (!ta && tf.util.sizeFromShape(batchB) === 1) {
    // One b for all: the matrices of a are the rows of a single one.
    gemm(rt, whole, { ptr: pointerA, rows: count * M, cols: K }, matrix(pointerB, tb, K, N), options);
  } else {
    const whichA = broadcastIndices(batchA, batch), whichB = broadcastIndices(batchB, batch);
    for (let i = 0; i < count; i++) {
      const ai = matrix(pointerA + 4 * M * K * whichA[i]!, ta, M, K);
      const bi = matrix(pointerB + 4 * K * N * whichB[i]!, tb, K, N);
      gemm(rt, { ptr: whole.ptr + 4 * M * N * i, rows: M, cols: N }, ai, bi, options);
    }
  }
  if (!relu) activateFused(rt, whole, shape, fused);
  return out;
}

/** A [rows, cols] matrix, as it is stored. */
function matrix(ptr: number, transposed: boolean, rows: number, cols: number): Matrix {
  return transposed ? { ptr, rows: cols, cols: rows } : { ptr, rows, cols };
}

function shapesOf(a: readonly number[], b: readonly number[], ta: boolean, tb: boolean) {
  const [a1, a0] = [a.at(-1), a.at(-2)], [b1, b0] = [b.at(-1), b.at(-2)];
  const [M, K] = ta ? [a1, a0] : [a0, a1], [inner, N] = tb ? [b1, b0] : [b0, b1];
  if (M === undefined || K === undefined || N === undefined || K !== inner) {
    throw new TypeError(
      `Cannot multiply [${a}]${ta ? " transposed" : ""} by [${b}]${tb ? " transposed" : ""}: ` +
        "expected matrices with equal inner dimensions",
    );
  }
  const batchA = a.slice(0, -2), batchB = b.slice(0, -2);
  return { batch: tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB), batchA, batchB, M, N, K };
}

/** Whether a bias adds the same N numbers to each row. */
function isRow(bias: tf.TensorInfo, N: number): boolean {
  return bias.dtype === "float32" && bias.shape.at(-1) === N && tf.util.sizeFromShape(bias.shape) === N;
}

/** An operand that broadcasts to `shape`. tfjs folds batch dimensions into one, but not those of this operand. */
function repeated(site: Site, what: string, info: tf.TensorInfo, shape: readonly number[]): Repeated {
  const n = tf.util.sizeFromShape(info.shape), same = n === tf.util.sizeFromShape([...shape]);
  const View = VIEWS[info.dtype as keyof typeof VIEWS];
  const fits = broadcastsTo(info.shape, shape) || (same && broadcastsTo(info.shape.slice(-2), shape.slice(-2)));
  if (!View || !fits) {
    const got = `${info.dtype} [${info.shape}]`;
    throw new TypeError(`Cannot fuse matMul: expected ${what} to be numbers that broadcast to [${shape}], got ${got}`);
  }
  const ptr = pointerOf(site, info); // may move the tensor here, and so let the memory grow
  return { values: new View(site.runtime.heap.memory.buffer as ArrayBuffer, ptr, n), shape: same ? shape : info.shape };
}

function pointerOf({ backend }: Site, info: tf.TensorInfo): number {
  return dataOf(backend, info).memoryOffset;
}
