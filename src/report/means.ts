import { decodeMean } from "../api/generate.ts";
import type { Params } from "../api/state.ts";
import type * as tf from "../backend/tf.ts";

/**
 * The pictures that codes stand for: the mean of p(x | z). The one place where the report turns codes into pictures.
 *
 * @param params A model's parameters.
 * @param z Codes, float32 [B, Z]; borrowed.
 * @param label The label of all of them, for a conditional model.
 * @returns [B, D], row by row; for a Bernoulli likelihood in [0, 1].
 * @throws As `decode`.
 */
export function meansOf(params: Params, z: tf.Tensor2D, label?: number): Float32Array {
  using images = decodeMean(params, z, { labels: label });
  return images.dataSync<"float32">();
}
