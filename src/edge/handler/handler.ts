import type { Model } from "../model.ts";
import { chooseForm } from "./accept.ts";
import { answerOf } from "./answer.ts";
import { type HandlerOptions, resolveOptions, type Settings } from "./options.ts";
import { readQuery } from "./query.ts";
import { Refusal, refusalAnswer, refuse, shortened } from "./refusal.ts";
import { listing, type Route, ROUTES, type Service, serviceOf } from "./routes.ts";

/** Answers requests: for `Deno.serve`, and as `fetch` of what `deno serve` and workers export. It never rejects. */
export type Handler = (request: Request) => Promise<Response>;

/**
 * A model over HTTP, wherever requests are answered by a function: `deno serve`, `Deno.serve`, Cloudflare's workers.
 *
 * |                     | asks                                            | answers                                      |
 * | ------------------- | ----------------------------------------------- | -------------------------------------------- |
 * | `POST /encode`      | `{ x, labels? }`                                | `{ mean, logVar }`                           |
 * | `POST /decode`      | `{ z, labels? }`                                | `{ x }`: the mean of p(x \| z); `?as=outputs`: `{ outputs }` |
 * | `POST /reconstruct` | `{ x, labels?, seed? }`; with a seed z is drawn | `{ x }`                                      |
 * | `POST /anomaly`     | `{ x, labels?, seed?, samples? }`               | `{ nats, seed, samples }`: higher is stranger |
 * | `GET /sample`       | `?n=16&seed=0&label=3`                          | `{ x, seed }`, or a picture: `image/png`     |
 * | `GET /health`       |                                                 | `{ status: "ok", model, limits, bytes }`     |
 * | `GET /`             |                                                 | the explorer, if there is one                |
 * | `GET /model.safetensors` |                                            | what it loads: the model                     |
 *
 * `x` and `z` are arrays of rows, `labels` an integer or one for each row; all but the rows may also stand in the query, as
 * `label`, `seed` and `samples`, and a body of nothing but rows may be an array. The same rows as float32, little-endian,
 * are `application/octet-stream` with the header `x-shape: 2,784`; a client whose header `Accept` prefers that gets its
 * answer so, `/encode` with `x-shape: 2,rows,Z`: all means, then all log-variances. JSON has nine digits, from which
 * float32 has the same bits. `nats` of one sample are the negative ELBO, of more the importance weighted bound of -log p(x).
 *
 * The same model, question and seed, by default 0, have the same answer. What is wrong with a request is answered with
 * 400, 404, 405, 406, 408, 413, 415, 422 or 503 and `{ error: { message, wanted?, got? } }`, what goes wrong here with 500
 * and the same. A request takes no more memory than its limits allow, and gets all of an answer or none.
 *
 * @param model A model.
 * @param options Limits, `cors`, `explorer`, `scale`, `onError`.
 * @returns The handler.
 * @throws {TypeError} If `model` is none, or an option is of the wrong type.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { createHandler, load } from "@elbo/elbo/edge/handler";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) })));
 * const handler = createHandler(model); // Deno.serve(handler), or export default { fetch: handler }
 *
 * const response = await handler(new Request("http://localhost/sample?n=4&seed=7"));
 * const { x, seed } = await response.json();
 * assert.deepEqual([response.status, x.length, x[0].length, seed], [200, 4, 6, 7]);
 *
 * const body = JSON.stringify({ x: [[0, 0, 0.5, 0, 0, "1"]] }), headers = { "content-type": "application/json" };
 * const wrong = await handler(new Request("http://localhost/encode", { method: "POST", headers, body }));
 * assert.equal(wrong.status, 400);
 * assert.equal((await wrong.json()).error.message, 'Cannot read x[0][5]: expected a number, got the string "1"');
 * ```
 */
export function createHandler(model: Model, options: HandlerOptions = {}): Handler {
  const settings = resolveOptions(options), service = serviceOf(model, settings);
  return async (request) => finished(request, await answered(service, request), settings);
}

/** The answer to a request, whatever happens. */
async function answered(service: Service, request: Request): Promise<Response> {
  try {
    return await answer(service, request);
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    try {
      service.settings.onError(error, request);
    } catch { /* It was only to be told. */ }
    return refusalAnswer(new Refusal(500, "Cannot answer: something went wrong here"));
  }
}

/** Methods that a route knows. */
function methods({ method }: Route): string {
  return method === "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}

/** The URL of a request, in which servers put whatever the header host says. */
function urlOf({ url }: Request): URL {
  if (URL.canParse(url)) return new URL(url);
  throw refuse(400, "Cannot read the URL", "a valid one", shortened(url));
}

async function answer(service: Service, request: Request): Promise<Response> {
  const { pathname, searchParams } = urlOf(request), route = ROUTES.get(pathname);
  if (!route) throw refuse(404, "Cannot find the path", listing(), pathname.slice(0, 40));
  const method = request.method === "HEAD" ? "GET" : request.method, allow = methods(route);
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  if (method !== route.method) {
    throw refuse(405, "Cannot answer the method", allow, request.method.slice(0, 40), { allow });
  }
  const form = chooseForm(request.headers.get("accept"), route.forms);
  const query = route.query ? readQuery(searchParams, route.query) : {};
  const result = await route.run(service, request, query, form);
  if (result instanceof Response) return result;
  return answerOf(result, form as "application/json" | "application/octet-stream");
}

/** An answer with the headers that all have; that to HEAD has no body. */
function finished({ method }: Request, response: Response, { cors }: Settings): Response {
  const { headers } = response;
  headers.set("vary", "accept");
  headers.set("x-content-type-options", "nosniff");
  if (cors !== undefined) {
    headers.set("access-control-allow-origin", cors);
    headers.set("access-control-expose-headers", "x-shape");
    if (method === "OPTIONS") {
      headers.set("access-control-allow-methods", headers.get("allow") ?? "");
      headers.set("access-control-allow-headers", "content-type, x-shape");
      headers.set("access-control-max-age", "86400");
    }
  }
  return method === "HEAD" ? new Response(null, response) : response;
}
