import { key } from "../../random.ts";
import type { Array2D } from "../arrays.ts";
import { fileOf } from "../file.ts";
import { generate } from "../generate.ts";
import { decode, encode, sample } from "../infer.ts";
import { likelihood, type LikelihoodOf } from "../likelihood.ts";
import type { Model } from "../model.ts";
import type { Form } from "./accept.ts";
import { anomaly } from "./anomaly.ts";
import { finite, type Result } from "./answer.ts";
import { type Field, fieldsOfQuery, type Input, labelsFor, readInput, seedOf } from "./input.ts";
import type { Settings } from "./options.ts";
import { Pending } from "./pending.ts";
import { samplesPicture } from "./picture.ts";
import { checkInteger, numberOf, type Query } from "./query.ts";
import { Refusal, refuse } from "./refusal.ts";

/** What answers requests: a model, and what was asked of it. */
export type Service = {
  readonly model: Model;
  readonly likelihood: LikelihoodOf;
  readonly settings: Settings;
  readonly pending: Pending;
};

/** A route: how it is asked, what its answers can be made of, and its answer. */
export type Route = {
  readonly method: "GET" | "POST";
  /** Names that its query may have; any where it is left out. */
  readonly query?: readonly string[];
  readonly forms: readonly Form[];
  run(service: Service, request: Request, query: Query, form: Form): Promise<Result | Response> | Result | Response;
};

/** A route whose question is a batch of examples or codes. */
function batch(
  name: "x" | "z",
  fields: readonly Field[],
  run: (service: Service, rows: Array2D, fields: Input["fields"], query: Query) => Result,
  query: readonly string[] = [],
): Route {
  return {
    method: "POST",
    query: [...fields.map((field) => field === "labels" ? "label" : field), ...query],
    forms: ["application/json", "application/octet-stream"],
    async run(service, request, query) {
      const { model: { config }, settings, pending, likelihood: { support } } = service;
      const wanted = name === "x"
        ? { name, cols: config.input, support, maxBatch: settings.maxBatch }
        : { name, cols: config.latent, support: [-Infinity, Infinity] as const, maxBatch: settings.maxBatch };
      const input = await readInput(request, query, wanted, fields, settings, pending);
      return run(service, input.rows, input.fields, query);
    },
  };
}

const ENCODE = batch("x", ["labels"], ({ model }, x, fields) => {
  const { mean, logVar } = encode(model, x, labelsFor(fields, model.config.classes, x.shape[0]));
  return { arrays: { mean, logVar } };
});

const DECODE = batch("z", ["labels"], ({ model, likelihood }, z, fields, { as = "x" }) => {
  if (as !== "x" && as !== "outputs") {
    throw refuse(400, "Cannot read as", "x or outputs", JSON.stringify(as.slice(0, 40)));
  }
  const outputs = decode(model, z, labelsFor(fields, model.config.classes, z.shape[0]));
  const arrays: Result["arrays"] = as === "x" ? { x: likelihood.mean(outputs) } : { outputs };
  return { arrays };
}, ["as"]);

const RECONSTRUCT = batch("x", ["labels", "seed"], ({ model, likelihood }, x, fields) => {
  const labels = labelsFor(fields, model.config.classes, x.shape[0]), posterior = encode(model, x, labels);
  // As reconstruct does, but that the code of what is far from everything may be no number.
  const mean = finite("mean", posterior.mean), logVar = finite("logVar", posterior.logVar);
  const z = fields.seed === undefined ? mean : sample({ mean, logVar }, { key: key(seedOf(fields)), model });
  return { arrays: { x: likelihood.mean(decode(model, finite("z", z), labels)) } };
});

const ANOMALY = batch("x", ["labels", "seed", "samples"], ({ model, settings: { maxBatch } }, x, fields) => {
  const [B] = x.shape, most = Math.floor(maxBatch / B), seed = seedOf(fields);
  const samples = checkInteger("Cannot read samples", fields.samples ?? 1, 1, most);
  const scores = anomaly(model, x, { key: key(seed), samples, ...labelsFor(fields, model.config.classes, B) });
  return { arrays: { nats: scores }, more: { seed, samples } };
});

/** Samples that are drawn where nobody says how many. */
const SOME = 16;

const SAMPLE: Route = {
  method: "GET",
  query: ["n", "seed", "label"],
  forms: ["application/json", "application/octet-stream", "image/png"],
  run({ model, settings: { maxSamples, scale } }, _request, query, form) {
    const fields = fieldsOfQuery(query),
      seed = seedOf(fields),
      given = numberOf(query.n ?? `${Math.min(SOME, maxSamples)}`);
    const n = checkInteger("Cannot read n", given, 1, maxSamples);
    const x = generate(model, { n, key: key(seed), ...labelsFor(fields, model.config.classes, n) });
    return form === "image/png" ? samplesPicture(model, finite("x", x), scale) : { arrays: { x }, more: { seed } };
  },
};

const HEALTH: Route = {
  method: "GET",
  forms: ["application/json"],
  run({ model: { config, bytes }, likelihood: { support }, settings: { maxBytes, maxBatch, maxSamples } }) {
    const { input, latent, classes, likelihood, image } = config;
    return Response.json({
      status: "ok",
      model: { input, latent, classes, likelihood, image, support },
      limits: { maxBytes, maxBatch, maxSamples },
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

/** A service of a model. */
export function serviceOf(model: Model, settings: Settings): Service {
  return { model, likelihood: likelihood(model), settings, pending: new Pending() };
}
