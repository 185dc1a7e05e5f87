/**
 * A model on Cloudflare's workers: the kernels, and the model's file beside this one, go with the code. README.md has the
 * commands that bundle and deploy it.
 *
 * The model is loaded before the first request, so that a damaged file, or kernels of another version, keep the worker from
 * starting: it is not deployed. A model that is larger than workers may be is fetched in a request instead, by each that
 * finds none: `handler ??= createHandler(await load(fetch(url), { wasm }))`. A promise for all of them would never end if
 * the request that made it is dropped, as it is when its client gives up.
 *
 * `GET /` is the latent explorer, with which whoever asks gets the model itself, too; leave the option out if not all may.
 *
 * @module
 */
import { createHandler, load } from "../src/edge/handler/mod.ts";
import { explorer } from "../src/explorer/mod.ts";
// @ts-types="./kernels.d.ts"
import wasm from "../wasm/bin/edge_relaxed.wasm";
// @ts-types="./model.d.ts"
import model from "./model.safetensors";

export default { fetch: createHandler(await load(model, { wasm }), { explorer }) };
