import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { drawNormal } from "../kernels/draw.ts";
import type { Matrix } from "../kernels/heap.ts";
import { checkKey, type Key, type Keyed, keyOf } from "../random.ts";
import { LABELLED, type Labelled } from "../vae/checks.ts";
import { headOf, meanOf } from "../vae/head.ts";
import { type Array2D, checkRows, put, type Rows, take } from "./arrays.ts";
import { encode, outputsOf, sample } from "./infer.ts";
import { type Engine, engineOf, type Model } from "./model.ts";

const RECONSTRUCT: Names<Labelled & { readonly key?: Key | undefined }> = { ...LABELLED, key: true };
const GENERATE: Names<Keyed & Labelled & { readonly n: number }> = { ...LABELLED, key: true, n: true };

/**
 * Each example as the model sees it: the mean of p(x | z) for z the posterior's mean or, with a key, a sample of it.
 *
 * @param model A model.
 * @param x Examples, [B, D], within the likelihood's support.
 * @param options.key Sample z with this key.
 * @param options.labels The examples' labels, if the model is conditional.
 * @returns Means, [B, D]; in [0, 1] for `"bernoulli"`.
 * @throws {TypeError} As {@linkcode encode}, and if `key` is not a key.
 * @throws {RangeError} As {@linkcode encode}.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { load, reconstruct } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) })));
 * assert.deepEqual(reconstruct(model, new Float32Array(18)).shape, [3, 6]);
 * ```
 */
export function reconstruct(
  model: Model,
  x: Rows,
  options: Labelled & { readonly key?: Key | undefined } = {},
): Array2D {
  const { key, labels } = checkOptions("Cannot reconstruct", options, RECONSTRUCT);
  const engine = engineOf("Cannot reconstruct", model), { runtime: rt } = engine;
  if (key !== undefined) checkKey("Cannot reconstruct", key);
  const posterior = encode(model, x, { labels }), z = key ? sample(posterior, { key }) : posterior.mean;
  const codes = checkRows("Cannot decode z", z, "B", engine.config.latent);
  return rt.arena.scope(() => means(engine, put(rt, codes), { labels }));
}

/**
 * New examples: the mean of p(x | z) for z ~ N(0, I).
 *
 * @param model A model.
 * @param options.n How many, at least 1.
 * @param options.key The random key.
 * @param options.labels What to generate, if the model is conditional: a label for each, or one for all.
 * @returns Means, [n, D]; in [0, 1] for `"bernoulli"`.
 * @throws {RangeError} If `n` is not a positive integer, or larger than memory, or a label is out of range.
 * @throws {TypeError} If `key` is not a key, labels are missing or too many, or an option is unknown.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { generate, load } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, hidden: [5], latent: 2, classes: 3 }, { key: key(0) })));
 * const { data, shape } = generate(model, { n: 4, key: key(1), labels: 2 });
 * assert.deepEqual([data.length, shape], [24, [4, 6]]);
 * ```
 */
export function generate(model: Model, options: Keyed & Labelled & { readonly n: number }): Array2D {
  const action = "Cannot generate",
    key = keyOf(action, checkOptions(action, options, GENERATE)),
    { n, labels } = options;
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new RangeError(`${action}: expected n to be a positive integer, got ${show(n)}`);
  }
  const engine = engineOf(action, model), { config, runtime: rt } = engine;
  // Before anything is allocated, since memory does not shrink.
  if (n * config.input >= 2 ** 30) {
    throw new RangeError(`${action}: expected fewer than 2^30 values, got shape [${n}, ${config.input}]`);
  }
  return rt.arena.scope(() => {
    const z = rt.arena.matrix(n, config.latent);
    drawNormal(rt, z, key);
    return means(engine, z, { labels });
  });
}

/** The means of p(x | z). */
function means(engine: Engine, z: Matrix, options: Labelled): Array2D {
  const { config, runtime: rt } = engine, outputs = outputsOf(engine, z, options);
  const out = rt.arena.matrix(z.rows, config.input);
  meanOf(rt, headOf(rt, engine), out, outputs);
  return take(rt, out);
}
