/** Requests as tests of the handler make them. */
import { createHandler, type Handler, type HandlerOptions, load } from "../../src/edge/handler/mod.ts";
import type { ConfigOptions } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { smallFile } from "./models.ts";

/** A body as JSON. */
export type Json = Record<string, unknown>;

/** A model and its handler, whose unexpected errors fail the test. */
export async function served(config?: ConfigOptions, options: HandlerOptions = {}) {
  const model = await load(smallFile(config));
  const errors: unknown[] = [], onError = (error: unknown) => void errors.push(error);
  return { model, handler: createHandler(model, { onError, ...options }), errors };
}

/** A GET. */
export function get(handler: Handler, path: string, headers: HeadersInit = {}): Promise<Response> {
  return handler(new Request(`http://localhost${path}`, { headers }));
}

/** A POST of JSON. */
export function post(handler: Handler, path: string, body: unknown, headers: HeadersInit = {}): Promise<Response> {
  const init = { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
  return handler(
    new Request(`http://localhost${path}`, { ...init, headers: { "content-type": "application/json", ...headers } }),
  );
}

/** A POST of float32, answered in the same form. */
export function postRaw(
  handler: Handler,
  path: string,
  body: BodyInit,
  shape: string,
  headers: HeadersInit = {},
): Promise<Response> {
  const type = "application/octet-stream";
  return handler(
    new Request(`http://localhost${path}`, {
      method: "POST",
      body,
      headers: { "content-type": type, accept: type, "x-shape": shape, ...headers },
    }),
  );
}

/** The body of an answer that succeeded. */
export async function json(response: Response): Promise<Json> {
  const body = await response.json();
  assertEquals(
    [response.status, response.headers.get("content-type")],
    [200, "application/json"],
    JSON.stringify(body),
  );
  return body;
}

/** Nested arrays of an answer as what the edge's functions give. */
export function floats(value: unknown): Float32Array<ArrayBuffer> {
  return Float32Array.from((value as unknown[]).flat() as number[]);
}

/** Checks that an answer is an error of a status, in the one shape that all have; returns what it says. */
export async function refused(
  response: Response,
  status: number,
): Promise<{ message: string; wanted?: string; got?: string }> {
  const text = await response.text();
  assertEquals([response.status, response.headers.get("content-type")], [status, "application/json"], text);
  const { error, ...rest } = JSON.parse(text), { message, ...details } = error;
  assertEquals(rest, {});
  assert(typeof message === "string" && message.length > 0 && !/\bat \S+:\d/.test(message), message);
  for (const [name, value] of Object.entries(details)) {
    assert((name === "wanted" || name === "got") && typeof value === "string", text);
  }
  return error;
}
