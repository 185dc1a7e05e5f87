import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { findOutside } from "../kernels/batch.ts";
import { drawNormal } from "../kernels/draw.ts";
import type { Matrix } from "../kernels/heap.ts";
import { type Gaussian, reparameterize } from "../kernels/posterior.ts";
import { checkKey, type Key } from "../random.ts";
import { LIKELIHOODS } from "../vae/likelihood.ts";
import { decoderForward, encoderForward } from "../vae/network.ts";
import { checkParams, DISPOSABLE, type Keyed, keyOf, type Params } from "./state.ts";
import { allOrNothing, checkTensor, emptyTensor, matrixOf } from "./tensors.ts";

/** q(z | x): mean and log-variance of a diagonal Gaussian, float32 [B, Z] each. */
export type Posterior = Gaussian<tf.Tensor2D>;

/** Largest float32: what is not within its bounds is not finite. */
const MOST = 3.4028234663852886e38;

/** The bytes of a batch of examples, after checks of shape, dtype and values. */
export function checkExamples(action: string, params: Params, x: tf.Tensor2D): Matrix {
  const { input, likelihood } = params.config;
  const m = checkTensor(`${action} x`, x, ["B", input]);
  const [low, high] = LIKELIHOODS[likelihood].support;
  checkValues(`${action} x`, m, low, high);
  return m;
}

function checkValues(action: string, m: Matrix, low = -MOST, high = MOST) {
  const rt = runtime(), at = findOutside(rt, m, low, high);
  if (at < 0) return;
  const value = new Float32Array(rt.heap.memory.buffer, m.ptr + 4 * at, 1)[0];
  const wanted = high === MOST ? "finite values" : `values in [${low}, ${high}]`;
  throw new RangeError(`${action}: expected ${wanted}, got ${value} at [${Math.floor(at / m.cols)}, ${at % m.cols}]`);
}

/**
 * The posterior q(z | x) = N(mean, exp(logVar)) of each example. The log-variance is held within [-30, 20].
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D]; for a Bernoulli likelihood in [0, 1].
 * @returns `{ mean, logVar }`, [B, Z] each.
 * @throws {TypeError} If x is not float32 [B, D], or a tensor was disposed of.
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
export function encode(params: Params, x: tf.Tensor2D): tf.Owned<Posterior> {
  const network = checkParams("Cannot encode", params);
  const m = checkExamples("Cannot encode", params, x), rt = runtime(), { config } = params;
  return allOrNothing(() => {
    const mean = emptyTensor<tf.Tensor2D>([m.rows, config.latent]);
    const logVar = emptyTensor<tf.Tensor2D>([m.rows, config.latent]);
    const out = { mean: matrixOf(mean), logVar: matrixOf(logVar) };
    rt.arena.scope(() => encoderForward(rt, config, network, m, out));
    return { mean, logVar, ...DISPOSABLE };
  });
}

/**
 * A sample of the posterior: z = mean + exp(logVar / 2) random.normal(key, [B, Z]) (Kingma and Welling 2014, section 2.4).
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param posterior `{ mean, logVar }`, float32 [B, Z] each.
 * @param options.key The random key.
 * @returns z, float32 [B, Z].
 * @throws {TypeError} If mean and logVar are not float32 of one shape, or `key` is not a key.
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
  const key = keyOf("Cannot sample", options);
  const mean = checkTensor("Cannot sample mean", posterior?.mean, ["B", "Z"]);
  const logVar = checkTensor("Cannot sample logVar", posterior.logVar, [mean.rows, mean.cols]);
  const rt = runtime(), z = emptyTensor<tf.Tensor2D>([mean.rows, mean.cols]), out = matrixOf(z);
  drawNormal(rt, out, key);
  reparameterize(rt, out, { mean, logVar }, out);
  return z;
}

/**
 * The parameters of p(x | z): for a Bernoulli likelihood the logits, whose sigmoid is the mean.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param z Latent codes, float32 [B, Z], finite.
 * @returns Logits, float32 [B, D].
 * @throws {TypeError} If z is not float32 [B, Z], or a tensor was disposed of.
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
export function decode(params: Params, z: tf.Tensor2D): tf.Owned {
  const network = checkParams("Cannot decode", params), { config } = params;
  const m = checkTensor("Cannot decode z", z, ["B", config.latent]), rt = runtime();
  checkValues("Cannot decode z", m);
  const logits = emptyTensor<tf.Tensor2D>([m.rows, config.input]);
  rt.arena.scope(() => decoderForward(rt, config, network, m, matrixOf(logits)));
  return logits;
}

/** The mean of p(x | z), in place of the outputs that `decode` gives. */
function decodeMean(params: Params, z: tf.Tensor2D): tf.Owned {
  const outputs = decode(params, z), m = matrixOf(outputs);
  LIKELIHOODS[params.config.likelihood].mean(runtime(), m, m, 0);
  return outputs;
}

/**
 * Each example as the model sees it: the mean of p(x | z) for z the posterior's mean or, with a key, a sample of it.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D]; for a Bernoulli likelihood in [0, 1].
 * @param options.key Sample z with this key.
 * @returns Means, float32 [B, D]; for a Bernoulli likelihood in [0, 1].
 * @throws {TypeError} As {@linkcode encode}, or if `key` is not a key.
 * @throws {RangeError} As {@linkcode encode}.
 *
 * @example
 * ```ts
 * import { init, key, reconstruct, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * assert.deepEqual(reconstruct(params, tf.ones([3, 6])).shape, [3, 6]);
 * ```
 */
export function reconstruct(params: Params, x: tf.Tensor2D, options: { readonly key?: Key } = {}): tf.Owned {
  const { key } = options;
  if (key !== undefined) checkKey("Cannot reconstruct", key);
  return allOrNothing(() => {
    const posterior = encode(params, x);
    return decodeMean(params, key ? sample(posterior, { key }) : posterior.mean);
  });
}

/**
 * New examples: the mean of p(x | z) for z ~ N(0, I).
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param options.n How many, at least 1.
 * @param options.key The random key.
 * @returns Means, float32 [n, D]; for a Bernoulli likelihood in [0, 1].
 * @throws {RangeError} If `n` is not a positive integer.
 * @throws {TypeError} If `key` is not a key, or a tensor was disposed of.
 *
 * @example
 * ```ts
 * import { generate, init, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * assert.deepEqual(generate(params, { n: 4, key: key(1) }).shape, [4, 6]);
 * ```
 */
export function generate(params: Params, options: Keyed & { readonly n: number }): tf.Owned {
  const key = keyOf("Cannot generate", options), { n } = options;
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new RangeError(`Cannot generate: expected n to be a positive integer, got ${n}`);
  }
  checkParams("Cannot generate", params);
  return allOrNothing(() => {
    const z = emptyTensor<tf.Tensor2D>([n, params.config.latent]);
    drawNormal(runtime(), matrixOf(z), key);
    return decodeMean(params, z);
  });
}
