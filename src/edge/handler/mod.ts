/**
 * A model over HTTP: a function from requests to responses, for `deno serve`, `Deno.serve` and Cloudflare's workers.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { createHandler, load } from "@elbo/elbo/edge/handler";
 * import assert from "node:assert/strict";
 *
 * const file = save(init({ input: 16, hidden: [32], latent: 2 }, { key: key(0) }));
 * const handler = createHandler(await load(file)); // export default { fetch: handler }
 * const response = await handler(new Request("http://localhost/sample", { headers: { accept: "image/png" } }));
 * assert.equal(response.headers.get("content-type"), "image/png");
 * ```
 *
 * @module
 */
export { createHandler, type Handler } from "./handler.ts";
export type { HandlerOptions } from "./options.ts";
export { load, type LoadOptions, type Model } from "../model.ts";
export type { Source } from "../body.ts";
export type { Wasm } from "../binary.ts";
export { CheckpointError } from "../../checkpoint_error.ts";
export type { Activation } from "../../kernels/activation.ts";
export type { Config, Hidden, ImageShape } from "../../vae/config.ts";
export type { LikelihoodName } from "../../vae/likelihood.ts";
