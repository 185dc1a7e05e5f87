import { checkOptions, type Names } from "../checks/options.ts";
import { drawNormal } from "../kernels/draw.ts";
import type { Matrix } from "../kernels/heap.ts";
import { reparameterize } from "../kernels/posterior.ts";
import { type Keyed, keyOf } from "../random.ts";
import { checkSupport, checkValues, LABELLED, type Labelled, labelsIn } from "../vae/checks.ts";
import { decoderForward, encoderForward, type Mode } from "../vae/network.ts";
import { gaussianIn } from "../vae/terms.ts";
import { type Array2D, checkRows, put, type Rows, take } from "./arrays.ts";
import { type Engine, engineOf, type Model } from "./model.ts";

/** q(z | x): mean and log-variance of a diagonal Gaussian, [B, Z] each. */
export type Posterior = { readonly mean: Array2D; readonly logVar: Array2D };

/** Batch normalization goes by the running statistics. */
const INFERENCE: Mode = { training: false };

const SAMPLE: Names<Keyed & { readonly model?: Model | undefined }> = { key: true, model: true };

/** Which model a posterior is of. */
const makers = new WeakMap<object, Model>();

/**
 * The posterior q(z | x) = N(mean, exp(logVar)) of each example. The log-variance is held within [-30, 20].
 *
 * @param model A model.
 * @param x Examples, [B, D], within the likelihood's support: in [0, 1] for `"bernoulli"`.
 * @param options.labels The examples' labels, if the model is conditional.
 * @returns `{ mean, logVar }`, [B, Z] each.
 * @throws {TypeError} If x is not of that shape, labels are missing or too many, or an option is unknown.
 * @throws {RangeError} If x has a value out of range, or NaN, or a label is out of range.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { encode, load } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) })));
 * const { mean } = encode(model, { data: new Float32Array(18), shape: [3, 6] });
 * assert.deepEqual(mean.shape, [3, 2]);
 * assert.deepEqual(encode(model, new Float32Array(6)).logVar.shape, [1, 2]);
 * ```
 */
export function encode(model: Model, x: Rows, options: Labelled = {}): Posterior {
  checkOptions("Cannot encode", options, LABELLED);
  const engine = engineOf("Cannot encode", model), { config, runtime: rt } = engine, what = "Cannot encode x";
  const examples = checkRows(what, x, "B", config.input);
  return rt.arena.scope(() => {
    const batch = put(rt, examples);
    checkSupport(rt, what, batch, config);
    const labels = labelsIn(rt, what, config, options.labels, batch.rows);
    const out = gaussianIn(rt, batch.rows, config.latent);
    encoderForward(rt, engine, { x: batch, labels }, out, INFERENCE);
    const posterior = { mean: take(rt, out.mean), logVar: take(rt, out.logVar) };
    makers.set(posterior, model);
    return posterior;
  });
}

/**
 * A sample of the posterior: z = mean + exp(logVar / 2) normal(key, [B, Z]) (Kingma and Welling 2014, section 2.4).
 *
 * @param posterior `{ mean, logVar }`, [B, Z] each.
 * @param options.key The random key.
 * @param options.model Whose kernels to use: any model; needed for a posterior that `encode` did not make.
 * @returns z, [B, Z].
 * @throws {TypeError} If mean and logVar are not of one shape, `key` is not a key, there is no model, or an option is unknown.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { encode, load, sample } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) })));
 * const posterior = encode(model, new Float32Array(18));
 * assert.deepEqual(sample(posterior, { key: key(1) }).shape, [3, 2]);
 * ```
 */
export function sample(
  posterior: { readonly mean: Rows; readonly logVar: Rows },
  options: Keyed & { readonly model?: Model | undefined },
): Array2D {
  const action = "Cannot sample", key = keyOf(action, checkOptions(action, options, SAMPLE));
  const model = options.model ?? makers.get(posterior);
  if (!model) throw new TypeError(`${action}: expected a posterior made by encode, or the option model, got neither`);
  const { config, runtime: rt } = engineOf(action, model);
  const mean = checkRows(`${action} mean`, posterior?.mean, "B", "Z", config.latent);
  const logVar = checkRows(`${action} logVar`, posterior.logVar, mean.rows, mean.cols);
  return rt.arena.scope(() => {
    const z = rt.arena.matrix(mean.rows, mean.cols);
    drawNormal(rt, z, key);
    reparameterize(rt, z, { mean: put(rt, mean), logVar: put(rt, logVar) }, z);
    return take(rt, z);
  });
}

/** z = mean + exp(logVar / 2) noise: the sample that the noise makes, [B, Z] each. */
export function sampleWith(model: Model, posterior: Posterior, noise: Array2D): Array2D {
  const action = "Cannot sample", { runtime: rt } = engineOf(action, model);
  const [q, logVar, eps] = [posterior.mean, posterior.logVar, noise].map((rows) =>
    checkRows(action, rows, noise.shape[0], noise.shape[1])
  );
  return rt.arena.scope(() => {
    const z = put(rt, eps!);
    reparameterize(rt, z, { mean: put(rt, q!), logVar: put(rt, logVar!) }, z);
    return take(rt, z);
  });
}

/**
 * The parameters of p(x | z), P for each of the D values, next to each other: for `"bernoulli"` the logits, whose sigmoid
 * is the mean. {@linkcode likelihood} tells what they mean, and makes examples of them.
 *
 * @param model A model.
 * @param z Latent codes, [B, Z], finite.
 * @param options.labels The labels to decode for, if the model is conditional.
 * @returns Outputs, [B, D P]; P is 1, but 2 for `"gaussian-pixel"` and `"discretized-logistic"`.
 * @throws {TypeError} If z is not of that shape, labels are missing or too many, or an option is unknown.
 * @throws {RangeError} If z has a value that is not finite, or a label is out of range.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { decode, load } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) })));
 * assert.deepEqual(decode(model, Float32Array.of(0, 0, 1, -1)).shape, [2, 6]);
 * ```
 */
export function decode(model: Model, z: Rows, options: Labelled = {}): Array2D {
  checkOptions("Cannot decode", options, LABELLED);
  const engine = engineOf("Cannot decode", model), { config, runtime: rt } = engine;
  const codes = checkRows("Cannot decode z", z, "B", config.latent);
  return rt.arena.scope(() => take(rt, outputsOf(engine, put(rt, codes), options)));
}

/** The outputs of the decoder in the arena, after checks of codes and labels. */
export function outputsOf(engine: Engine, z: Matrix, options: Labelled): Matrix {
  const what = "Cannot decode z", { config, runtime: rt } = engine;
  checkValues(rt, what, z);
  const labels = labelsIn(rt, what, config, options.labels, z.rows);
  return decoderForward(rt, engine, { z, labels }, INFERENCE).outputs;
}
