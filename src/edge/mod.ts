/**
 * Inference with trained models without TensorFlow.js and without threads: in Deno, browsers and edge workers, on the
 * kernels of the main module and with its bits.
 *
 * Functions have the names, arguments and errors of the main module's, with a {@linkcode Model} in place of parameters and
 * `{ data, shape }` in place of tensors. They are pure: results are copies, and nothing has to be disposed of.
 *
 * @example
 * ```ts
 * import { init, key as mainKey, save } from "@elbo/elbo";
 * import { generate, key, load } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const file = save(init({ input: 16, hidden: [32], latent: 2 }, { key: mainKey(0) }));
 * const model = await load(file); // or load(fetch("model.safetensors"))
 * const { data, shape } = generate(model, { n: 4, key: key(3) });
 * assert.deepEqual([data.length, shape], [64, [4, 16]]);
 * ```
 *
 * @module
 */
export { type Array1D, type Array2D, type Rows, type Values } from "./arrays.ts";
export type { Wasm } from "./binary.ts";
export type { Source } from "./body.ts";
export { generate, reconstruct } from "./generate.ts";
export { decode, encode, type Posterior, sample } from "./infer.ts";
export { likelihood, type LikelihoodOf } from "./likelihood.ts";
export { load, type LoadOptions, type Model } from "./model.ts";
export { CheckpointError } from "../checkpoint_error.ts";
export { foldIn, type Key, key, type Keyed, split } from "../random.ts";
export type { Labelled } from "../vae/checks.ts";
export type { Activation } from "../kernels/activation.ts";
export type { Config, Hidden, ImageShape } from "../vae/config.ts";
export type { LikelihoodName } from "../vae/likelihood.ts";
