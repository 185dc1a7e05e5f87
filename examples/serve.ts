/**
 * A model over HTTP, with the one permission to read the model's file:
 *
 *     deno serve --host 127.0.0.1 --allow-read=model.safetensors examples/serve.ts model.safetensors
 *     deno serve --host 127.0.0.1 --allow-read=model.safetensors --parallel examples/serve.ts model.safetensors
 *
 * The file is what `deno task train` wrote, or `deno task export`, which leaves out what only training needs. With
 * `--parallel` there is one isolate for each core, or for each of `DENO_JOBS`, with a model of its own: they answer with the
 * same bits. Both listen on port 8000 of this machine alone; without `--host` on every address, and on another port with
 * `--port 80`. SIGTERM ends them once clients in the middle of a question have gone, and a second one at once. With
 * `--unstable-no-legacy-abort` Deno does not warn that the handler looks whether a client has gone.
 *
 *     curl 'http://localhost:8000/health'
 *     curl 'http://localhost:8000/sample?n=1&seed=7'
 *     curl -H 'accept: image/png' 'http://localhost:8000/sample?n=64' > samples.png
 *     curl -H 'content-type: application/json' -d '[[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]' http://localhost:8000/decode
 *
 * The last one is a code of the README's model, which has 20 numbers; of another model, `/health` has it as `latent`.
 *
 * `GET /` is the latent explorer, with which whoever asks gets the model itself, too; leave the option out if not all may.
 * Elsewhere than here imports are URLs of those files, and `--allow-import=HOST` one permission more. Limits, and which
 * pages may ask, are options of `createHandler`.
 *
 * @module
 */
import { createHandler, load } from "../src/edge/handler/mod.ts";
import { explorer } from "../src/explorer/mod.ts";

const [file, ...more] = Deno.args;
if (file === undefined || more.length > 0) {
  throw new TypeError(`Cannot serve: expected one argument, a model's file, got ${Deno.args.length}`);
}

export default {
  fetch: createHandler(await load(await Deno.readFile(file)), { explorer }),
} satisfies Deno.ServeDefaultExport;
