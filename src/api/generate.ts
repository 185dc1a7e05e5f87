import { runtime } from "../backend/start.ts";
import * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { drawNormal } from "../kernels/draw.ts";
import { checkKey, type Key } from "../random.ts";
import type { Labelled } from "./examples.ts";
import { decode, encode, sample } from "./infer.ts";
import { likelihood } from "./likelihood.ts";
import { checkParams, type Keyed, keyOf, type Params } from "./state.ts";
import { LABELLED } from "../vae/checks.ts";
import { allOrNothing, emptyTensor, matrixOf } from "./tensors.ts";

const RECONSTRUCT: Names<Labelled & { readonly key?: Key | undefined }> = { ...LABELLED, key: true };
const GENERATE: Names<Keyed & Labelled & { readonly n: number }> = { ...LABELLED, key: true, n: true };

/**
 * Each example as the model sees it: the mean of p(x | z) for z the posterior's mean or, with a key, a sample of it.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D], within the likelihood's support.
 * @param options.key Sample z with this key.
 * @param options.labels The examples' labels, if the model is conditional.
 * @returns Means, float32 [B, D]; in [0, 1] for `"bernoulli"`.
 * @throws {TypeError} As {@linkcode encode}, and if `key` is not a key.
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
export function reconstruct(
  params: Params,
  x: tf.Tensor2D,
  options: Labelled & { readonly key?: Key | undefined } = {},
): tf.Owned {
  const { key, labels } = checkOptions("Cannot reconstruct", options, RECONSTRUCT);
  if (key !== undefined) checkKey("Cannot reconstruct", key);
  return allOrNothing(() => {
    const posterior = encode(params, x, { labels });
    return decodeMean(params, key ? sample(posterior, { key }) : posterior.mean, { labels });
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
 * @param options.labels What to generate, if the model is conditional: a label for each, or one for all.
 * @returns Means, float32 [n, D]; in [0, 1] for `"bernoulli"`.
 * @throws {RangeError} If `n` is not a positive integer.
 * @throws {TypeError} If `key` is not a key, a tensor was disposed of, or an option is unknown.
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
export function generate(params: Params, options: Keyed & Labelled & { readonly n: number }): tf.Owned {
  const key = keyOf("Cannot generate", checkOptions("Cannot generate", options, GENERATE)), { n, labels } = options;
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new RangeError(`Cannot generate: expected n to be a positive integer, got ${show(n)}`);
  }
  checkParams("Cannot generate", params);
  return allOrNothing(() => {
    const z = emptyTensor<tf.Tensor2D>([n, params.config.latent]);
    drawNormal(runtime(), matrixOf(z), key);
    return decodeMean(params, z, { labels });
  });
}

/** The mean of p(x | z): what the outputs that `decode` gives stand for. */
export function decodeMean(params: Params, z: tf.Tensor2D, options: Labelled): tf.Owned {
  return tf.tidy(() => likelihood(params).mean(decode(params, z, options)));
}
