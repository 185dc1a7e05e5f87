import { showText } from "../../checks/show.ts";
import { key } from "../../random.ts";
import { VERSION } from "../../version.ts";
import type { Array2D } from "../arrays.ts";
import { fileOf } from "../file.ts";
import { knownShape } from "../shape.ts";
import type { Form } from "./accept.ts";
import { anomaly } from "./anomaly.ts";
import type { Result } from "./answer.ts";
import { decoded, DRAW, drawn, encoded, reconstructed, type What } from "./compute.ts";
import { type Field, fieldsOfQuery, type Input, labelsFor, readInput, seedOf } from "./input.ts";
import { takeOn, writing } from "./limits.ts";
import { samplesPicture } from "./picture.ts";
import { checkInteger, numberOf, type Query } from "./query.ts";
import { Refusal, refuse } from "./refusal.ts";
import type { Service, Task } from "./service.ts";

/** A question: who asks, what the query says, and in which form the answer is wanted. */
export type Question = { readonly task: Task; readonly query: Query; readonly form: Form };

/** A route: how it is asked, what its answers can be made of, and its answer. */
export type Route = {
  readonly method: "GET" | "POST";
  /** Names that its query may have; any where it is left out. */
  readonly query?: readonly string[] | undefined;
  readonly forms: readonly Form[];
  run(service: Service, question: Question): Promise<Result | Response> | Result | Response;
};

/** A route whose question is a batch of examples or codes. */
function batch(
  name: "x" | "z",
  fields: readonly Field[],
  run: (service: Service, question: Question, rows: Array2D, fields: Input["fields"]) => Promise<Result>,
  query: readonly string[] = [],
): Route {
  return {
    method: "POST",
    query: [...fields.map((field) => field === "labels" ? "label" : field), ...query],
    forms: ["application/json", "application/octet-stream"],
    async run(service, question) {
      const { model: { config }, settings: { maxBatch }, likelihood: { support } } = service;
      const wanted = name === "x"
        ? { name, cols: config.input, support, maxBatch }
        : { name, cols: config.latent, support: [-Infinity, Infinity] as const, maxBatch };
      const input = await readInput(service, question.task, question.query, wanted, fields);
      return await run(service, question, input.rows, input.fields);
    },
  };
}

const ENCODE = batch("x", ["labels"], async (service, { task, form }, x, fields) => {
  const { model: { config }, work, settings } = service, [count] = x.shape;
  const labels = labelsFor(fields, config.classes, count);
  takeOn(service, task, {
    what: "rows",
    count,
    each: work.encode + 2 * config.latent * writing(form, settings.scale),
  });
  return { arrays: await encoded(service, task, x, labels) };
});

const DECODE = batch("z", ["labels"], async (service, { task, query: { as = "x" }, form }, z, fields) => {
  if (as !== "x" && as !== "outputs") {
    throw refuse(400, "Cannot read as", "x or outputs", `"${showText(as)}"`);
  }
  const { model: { config }, work, likelihood, settings: { scale } } = service, [count] = z.shape, what: What = as;
  const labels = labelsFor(fields, config.classes, count),
    values = config.input * (as === "x" ? 1 : likelihood.outputs);
  const each = work.decode + (as === "x" ? work.mean : 0) + values * writing(form, scale);
  takeOn(service, task, { what: "rows", count, each });
  return { arrays: { [as]: await decoded(service, task, z, labels, what) } };
}, ["as"]);

const RECONSTRUCT = batch("x", ["labels", "seed"], async (service, { task, form }, x, fields) => {
  const { model: { config }, work, settings: { scale } } = service, [count] = x.shape;
  const labels = labelsFor(fields, config.classes, count),
    seed = fields.seed === undefined ? undefined : seedOf(fields);
  const each = work.encode + work.decode + work.mean + DRAW * config.latent + config.input * writing(form, scale);
  takeOn(service, task, { what: "rows", count, each });
  return { arrays: { x: await reconstructed(service, task, x, labels, seed) } };
});

const ANOMALY = batch("x", ["labels", "seed", "samples"], async (service, { task, form }, x, fields) => {
  const { model: { config }, work, settings: { maxBatch, scale } } = service, [B] = x.shape, seed = seedOf(fields);
  const samples = checkInteger("Cannot read samples", fields.samples ?? 1, 1, Math.floor(maxBatch / B));
  const labels = labelsFor(fields, config.classes, B), row = work.encode + writing(form, scale);
  const code = work.decode + work.logProb + 2 * DRAW * config.latent;
  const asked = B === 1
    ? { what: "samples", count: samples, each: code, before: row }
    : { what: `rows of ${samples} samples`, count: B, each: row + samples * code };
  takeOn(service, task, asked);
  const nats = await anomaly(service, task, x, { key: key(seed), samples, ...labels });
  return { arrays: { nats }, more: { seed, samples } };
});

/** Samples that are drawn where the request does not say how many. */
const SOME = 16;

const SAMPLE: Route = {
  method: "GET",
  query: ["n", "seed", "label"],
  forms: ["application/json", "application/octet-stream", "image/png"],
  async run(service, { task, query, form }) {
    const { model: { config }, work, settings: { maxSamples, scale } } = service, fields = fieldsOfQuery(query);
    const seed = seedOf(fields), given = numberOf(query.n ?? `${Math.min(SOME, maxSamples)}`);
    const n = checkInteger("Cannot read n", given, 1, maxSamples), labels = labelsFor(fields, config.classes, n);
    const each = work.decode + work.mean + DRAW * config.latent + config.input * writing(form, scale);
    takeOn(service, task, { what: "samples", count: n, each });
    // As generate does. No code that is drawn is a request's fault.
    const x = await decoded(service, task, await drawn(service, task, n, key(seed)), labels, "x", "model");
    return form === "image/png" ? await samplesPicture(service, task, x) : { arrays: { x }, more: { seed } };
  },
};

const HEALTH: Route = {
  method: "GET",
  forms: ["application/json"],
  run({ model, work, likelihood: { support }, settings }) {
    const { config: { input, latent, classes, likelihood, image }, metadata, bytes } = model;
    const { name = metadata.name ?? "model", maxBytes, maxBatch, maxSamples, maxWork } = settings;
    return Response.json({
      status: "ok",
      version: VERSION,
      name: showText(name),
      model: { input, latent, classes, likelihood, image, shape: knownShape(model), support },
      limits: { maxBytes, maxBatch, maxSamples, maxWork },
      work,
      bytes,
    });
  },
};

const EXPLORER: Route = {
  method: "GET",
  forms: ["text/html"],
  run({ settings: { explorer } }) {
    if (explorer === undefined) throw noExplorer();
    return new Response(explorer, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};

/** What the explorer loads: so there is a way to the weights only where it is. */
const MODEL: Route = {
  method: "GET",
  forms: ["application/octet-stream"],
  run({ model, settings: { explorer } }) {
    if (explorer === undefined) throw noExplorer();
    return new Response(fileOf(model), { headers: { "content-type": "application/octet-stream" } });
  },
};

function noExplorer(): Refusal {
  return new Refusal(404, "There is no explorer here: createHandler was given none", { wanted: listing() });
}

/** All routes, by path. */
export const ROUTES: ReadonlyMap<string, Route> = new Map(Object.entries({
  "/": EXPLORER,
  "/model.safetensors": MODEL,
  "/health": HEALTH,
  "/sample": SAMPLE,
  "/encode": ENCODE,
  "/decode": DECODE,
  "/reconstruct": RECONSTRUCT,
  "/anomaly": ANOMALY,
}));

/** All routes in a line. */
export function listing(): string {
  return [...ROUTES].map(([path, { method }]) => `${method} ${path}`).join(", ");
}
