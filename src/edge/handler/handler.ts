import { showText } from "../../checks/show.ts";
import type { Model } from "../model.ts";
import { chooseForm } from "./accept.ts";
import { answerOf } from "./answer.ts";
import type { HandlerOptions, Settings } from "./options.ts";
import { readQuery } from "./query.ts";
import { Refusal, refusalAnswer, refuse } from "./refusal.ts";
import { listing, type Route, ROUTES } from "./routes.ts";
import { type Service, serviceOf, withTask } from "./service.ts";

/**
 * Answers requests: for `Deno.serve`, and as `fetch` of what `deno serve` and workers export. It never rejects. `info` is
 * what the server gives beside the request: of Deno's, the client's address is used.
 */
export type Handler = (request: Request, info?: unknown) => Promise<Response>;

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
 * | `GET /health`       |                                                 | `{ status: "ok", version, name, model, limits, work, bytes }` |
 * | `GET /`             |                                                 | the explorer, if there is one                |
 * | `GET /model.safetensors` |                                            | what it loads: the model                     |
 *
 * `x` and `z` are arrays of rows, `labels` an integer or one for each row; all but the rows may also stand in the query, as
 * `label`, `seed` and `samples`, and a body of nothing but rows may be an array. The same rows as float32, little-endian,
 * are `application/octet-stream` with the header `x-shape: 2,784`; a client whose header `Accept` prefers that gets its
 * answer so, `/encode` with `x-shape: 2,rows,Z`: all means, then all log-variances. JSON has nine digits, from which
 * float32 has the same bits. `nats` are the importance weighted bound of -log p(x) by so many `samples`, by default 1: the
 * main module's `anomalyScore`. An example's score does not depend on the others of its batch.
 *
 * The same model, question and seed, by default 0, have the same answer. What is wrong with a request is answered with
 * 400, 404, 405, 406, 408, 413, 415, 422 or 503 and `{ error: { message, wanted?, got? } }`, what goes wrong here with 500
 * and the same. A request takes no more memory than its limits allow, and gets all of an answer or none.
 *
 * **Work.** A request whose work exceeds `maxWork` is refused with 413 and the largest number of rows or samples that does
 * not. Work is done in slices of some 8 ms, or of one row where that takes longer; other requests are let in between
 * them, and each gets its turn. Nothing more is computed for a client that has gone. Where the work of all together exceeds
 * eight times `maxWork`, or half of that for one client, the next one is refused with 503.
 *
 * **Uploads.** A body that brings no byte for `stallTimeout`, or not all of it within `timeout`, is given up with 408. Those
 * that are on their way or waiting for their answer take at most `maxPending` bytes together, and of one client at most half
 * of that; an eighth of either is for bodies of up to 64 KiB. Where there is no more room, bodies that have brought less than 16 KiB in the last second are given up with 503,
 * the largest first; if that makes no room within 2.5 seconds, the new one is. A client is an address of IPv4, or 64 bits of
 * one of IPv6; those whose address is not known share the room without a bound of their own.
 *
 * **Numbers that are not finite** are the request's fault (422) where it asked for something that the model was not made
 * for: codes farther from 0 than 10, or examples that no bounds hold, and far from all others. Otherwise they are the model's
 * (500): of examples within the bounds of the likelihood's support, and of samples. A model that has weights which are not
 * finite, or no finite answer to zeros, is refused at once.
 *
 * @param model A model.
 * @param options Limits, `name`, `clientAddress`, `cors`, `explorer`, `scale`, `onError`.
 * @returns The handler.
 * @throws {TypeError} If `model` is none, or an option is unknown or of the wrong type.
 * @throws {RangeError} If an option is out of range, or the model is damaged.
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
 * assert.equal((await wrong.json()).error.message, 'Cannot read x[0][5]: expected a number, got "1"');
 * ```
 */
export function createHandler(model: Model, options: HandlerOptions = {}): Handler {
  const service = serviceOf(model, options);
  return async (request, info) => finished(request, await answered(service, request, info), service.settings);
}

/** The answer to a request, whatever happens. */
async function answered(service: Service, request: Request, info: unknown): Promise<Response> {
  try {
    return await answer(service, request, info);
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
  throw refuse(400, "Cannot read the URL", "a valid one", showText(url));
}

async function answer(service: Service, request: Request, info: unknown): Promise<Response> {
  const { pathname, searchParams } = urlOf(request), route = ROUTES.get(pathname);
  if (!route) throw refuse(404, "Cannot find the path", listing(), showText(pathname));
  const method = request.method === "HEAD" ? "GET" : request.method, allow = methods(route);
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  if (method !== route.method) {
    throw refuse(405, "Cannot answer the method", allow, showText(request.method), { allow });
  }
  const form = chooseForm(request.headers.get("accept"), route.forms);
  const query = route.query ? readQuery(searchParams, route.query) : {};
  return await withTask(service, request, info, async (task) => {
    const result = await route.run(service, { task, query, form });
    if (result instanceof Response) return result;
    return await answerOf(service, task, result, form as "application/json" | "application/octet-stream");
  });
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
