import { decode } from "../api/infer.ts";
import type { Params } from "../api/state.ts";
import { matrixOf } from "../api/tensors.ts";
import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { LIKELIHOODS } from "../vae/likelihood.ts";

/**
 * The pictures that codes stand for: the mean of p(x | z). The one place where the report turns codes into pictures.
 *
 * @param params A model's parameters.
 * @param z Codes, float32 [B, Z]; borrowed.
 * @returns [B, D], row by row; for a Bernoulli likelihood in [0, 1].
 * @throws As `decode`.
 */
export function meansOf(params: Params, z: tf.Tensor2D): Float32Array {
  using outputs = decode(params, z);
  const m = matrixOf(outputs);
  LIKELIHOODS[params.config.likelihood].mean(runtime(), m, m);
  return outputs.dataSync<"float32">();
}
