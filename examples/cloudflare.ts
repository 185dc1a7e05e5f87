/**
 * A model on Cloudflare's workers: the kernels, and the model's file beside this one, go with the code. The README's
 * section "Inference without tfjs" has the commands.
 *
 * It is loaded before the first request, so a file that is damaged, or kernels of another version, are refused when the
 * worker is deployed. Larger models than a worker may have can be fetched instead, and then in a request:
 * `handler ??= createHandler(await load(fetch(url), { wasm }))`, not one promise for all, which would hang where workers
 * may not await what another request began.
 *
 * @module
 */
import { createHandler, load } from "../src/edge/handler/mod.ts";
// @ts-types="./kernels.d.ts"
import wasm from "../wasm/bin/edge_relaxed.wasm";
// @ts-types="./model.d.ts"
import model from "./model.safetensors";

export default { fetch: createHandler(await load(model, { wasm })) };
