import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { floats } from "../kernels/heap.ts";
import { checkTensor, emptyTensor, matrixOf } from "./tensors.ts";

/** Latent codes [B, Z], or one code [Z]. */
export type CodeTensor = tf.Tensor<tf.Rank.R1 | tf.Rank.R2>;

/** Latent codes as plain numbers, [rows, cols]. */
export type Codes = { readonly rows: number; readonly cols: number; readonly values: Float32Array };

/**
 * The values of latent codes, copied, after checks of shape, dtype and values.
 *
 * @param action What cannot be done otherwise, such as `Cannot traverse z`.
 * @param z Codes [B, Z], or one code [Z].
 * @param shape The shape that is wanted; by default either of the two.
 */
export function checkCodes(
  action: string,
  z: CodeTensor,
  shape: readonly (number | string)[] = z?.rank === 1 ? ["Z"] : ["B", "Z"],
): Codes {
  const { rows, cols } = checkTensor(action, z, shape), values = z.dataSync<"float32">();
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return { rows, cols, values };
  const place = z.rank === 1 ? `${at}` : `${Math.floor(at / cols)}, ${at % cols}`;
  throw new RangeError(`${action}: expected finite values, got ${values[at]} at [${place}]`);
}

/** A new tensor [rows, values.length / rows] of these values. */
export function codesTensor(values: ArrayLike<number>, rows: number): tf.Owned {
  const tensor = emptyTensor<tf.Tensor2D>([rows, values.length / rows]);
  floats(runtime().heap, matrixOf(tensor)).set(values);
  return tensor;
}
