import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { drawNormal } from "../kernels/draw.ts";
import { type Gaussian, reparameterize } from "../kernels/posterior.ts";
import { LIKELIHOODS } from "../vae/likelihood.ts";
import { LABELLED } from "../vae/checks.ts";
import { decoderForward, encoderForward, type Mode } from "../vae/network.ts";
import { batchOf, checkValues, type Labelled, labelsOf, modelOf } from "./examples.ts";
import { DISPOSABLE, type Keyed, keyOf, type Params } from "./state.ts";
import { allOrNothing, checkTensor, emptyTensor, matrixOf } from "./tensors.ts";

/** q(z | x): mean and log-variance of a diagonal Gaussian, float32 [B, Z] each. */
export type Posterior = Gaussian<tf.Tensor2D>;

const SAMPLE: Names<Keyed> = { key: true };

/** Batch normalization goes by the running statistics. */
const INFERENCE: Mode = { training: false };

/**
 * The posterior q(z | x) = N(mean, exp(logVar)) of each example. The log-variance is held within [-30, 20].
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D], within the likelihood's support: in [0, 1] for `"bernoulli"`.
 * @param options.labels The examples' labels, if the model is conditional.
 * @returns `{ mean, logVar }`, [B, Z] each.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, or an option is unknown.
 * @throws {RangeError} If x has a value out of range, or NaN.
 *
 * @example
 * ```ts
 * import { encode, init, key, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * const { mean, logVar } = encode(params, tf.ones([3, 6]));
 * assert.deepEqual([mean.shape, logVar.shape], [[3, 2], [3, 2]]);
 * ```
 */
export function encode(params: Params, x: tf.Tensor2D, options: Labelled = {}): tf.Owned<Posterior> {
  checkOptions("Cannot encode", options, LABELLED);
  const action = "Cannot encode", model = modelOf(action, params), rt = runtime();
  return allOrNothing(() =>
    rt.arena.scope(() => {
      const batch = batchOf(`${action} x`, model.config, x, options), shape = [batch.x.rows, model.config.latent];
      const mean = emptyTensor<tf.Tensor2D>(shape), logVar = emptyTensor<tf.Tensor2D>(shape);
      encoderForward(rt, model, batch, { mean: matrixOf(mean), logVar: matrixOf(logVar) }, INFERENCE);
      return { mean, logVar, ...DISPOSABLE };
    })
  );
}

/**
 * A sample of the posterior: z = mean + exp(logVar / 2) random.normal(key, [B, Z]) (Kingma and Welling 2014, section 2.4).
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param posterior `{ mean, logVar }`, float32 [B, Z] each.
 * @param options.key The random key.
 * @returns z, float32 [B, Z].
 * @throws {TypeError} If mean and logVar are not float32 of one shape, `key` is not a key, or an option is unknown.
 *
 * @example
 * ```ts
 * import { key, sample, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const posterior = { mean: tf.ones<tf.Rank.R2>([2, 3]), logVar: tf.fill<tf.Rank.R2>([2, 3], -30) };
 * const z = sample(posterior, { key: key(0) });
 * assert(Math.abs(z.dataSync()[0] - 1) < 1e-5);
 * ```
 */
export function sample(posterior: Posterior, options: Keyed): tf.Owned {
  const key = keyOf("Cannot sample", checkOptions("Cannot sample", options, SAMPLE));
  const mean = checkTensor("Cannot sample mean", posterior?.mean, ["B", "Z"]);
  const logVar = checkTensor("Cannot sample logVar", posterior.logVar, [mean.rows, mean.cols]);
  const rt = runtime(), z = emptyTensor<tf.Tensor2D>([mean.rows, mean.cols]), out = matrixOf(z);
  drawNormal(rt, out, key);
  reparameterize(rt, out, { mean, logVar }, out);
  return z;
}

/**
 * The parameters of p(x | z), P for each of the D values, next to each other: for `"bernoulli"` the logits, whose sigmoid
 * is the mean. {@linkcode likelihood} tells what they mean, and makes images of them.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param z Latent codes, float32 [B, Z], finite.
 * @param options.labels The labels to decode for, if the model is conditional.
 * @returns Outputs, float32 [B, D P]; P is 1, but 2 for `"gaussian-pixel"` and `"discretized-logistic"`.
 * @throws {TypeError} If z is not float32 [B, Z], a tensor was disposed of, or an option is unknown.
 * @throws {RangeError} If z has a value that is not finite.
 *
 * @example
 * ```ts
 * import { decode, init, key, random } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * const logits = decode(params, random.normal(key(1), [3, 2]));
 * assert.deepEqual(logits.shape, [3, 6]);
 * ```
 */
export function decode(params: Params, z: tf.Tensor2D, options: Labelled = {}): tf.Owned {
  checkOptions("Cannot decode", options, LABELLED);
  const action = "Cannot decode z", model = modelOf("Cannot decode", params), { config } = model, rt = runtime();
  const m = checkTensor(action, z, ["B", config.latent]);
  checkValues(action, m);
  return allOrNothing(() =>
    rt.arena.scope(() => {
      const labels = labelsOf(action, config, options.labels, m.rows);
      const outputs = emptyTensor<tf.Tensor2D>([m.rows, config.input * LIKELIHOODS[config.likelihood].outputs]);
      decoderForward(rt, model, { z: m, labels }, INFERENCE, matrixOf(outputs));
      return outputs;
    })
  );
}
