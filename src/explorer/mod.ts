/**
 * The latent explorer: one page to look into a trained model in the browser, on `elbo/edge`. Sliders, a plane to drag
 * over, a pad to draw on, ways between codes, samples by seed.
 *
 * It loads the model that lies beside it as `model.safetensors`, or the one that its address names, `#model=URL`, or one
 * that is opened or dropped on it. A handler serves both; for any file host `deno task explorer` writes both to a folder.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { createHandler, load } from "@elbo/elbo/edge/handler";
 * import { explorer } from "@elbo/elbo/explorer";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 16, hidden: [32], latent: 2 }, { key: key(0) })));
 * const handler = createHandler(model, { explorer });
 * const page = await handler(new Request("http://localhost/"));
 * assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
 * assert((await page.text()).startsWith("<!doctype html>"));
 * ```
 *
 * @module
 */
export { explorer } from "./page.ts";
