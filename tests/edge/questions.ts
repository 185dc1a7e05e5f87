/** Questions to the handler that are good, for fast-check; tests/edge/wrong_questions.ts changes them. */
import fc from "npm:fast-check@4.10.2";
import { likelihood, type Model } from "../../src/edge/mod.ts";

/** A request as plain values, so that a failing one can be read, and asked again. */
export type Question = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: [name: string, value: string][];
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Where the body is cut into chunks; anywhere, and twice in one place for an empty one. */
  readonly cuts: readonly number[];
  /** Whether the body breaks off before its last chunk. */
  readonly fails: boolean;
  /** How many rows the answer has to have; left out where the question may be wrong. */
  readonly rows?: number;
};

/** What the handler of the questions is to allow. */
export const LIMITS = { maxBatch: 5, maxSamples: 6, maxBytes: 4000, maxPending: 4000, timeout: 20_000 } as const;

/** The request that asks a question. */
export function requestOf({ method, path, query, headers, body, cuts, fails }: Question): Request {
  const url = `http://localhost${path}${query}`,
    init = { method, headers };
  if (body === undefined || /^(get|head)$/i.test(method)) return new Request(url, init);
  if (cuts.length === 0 && !fails) return new Request(url, { ...init, body });
  const edges = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  const chunks = edges.slice(1).map((end, i) => body.slice(edges[i], end));
  if (fails) chunks.pop();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else if (fails) controller.error(new Error("cut off"));
      else controller.close();
    },
  }, { highWaterMark: 0 });
  return new Request(url, { ...init, body: stream });
}

const seed = fc.oneof(fc.nat(9), fc.maxSafeNat());
const accept = fc.constantFrom("", "*/*", "application/json", "application/octet-stream, */*;q=0.5", "application/*");

/** A query of what is there. */
function queryOf(fields: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${value}`).join("&")}`;
}

/** One label, or one for each row, of those that a model knows. */
function labelsOf(labels: readonly number[], classes: number, rows: number, one: boolean) {
  return classes === 0 ? undefined : one ? labels[0] % classes : labels.slice(0, rows).map((label) => label % classes);
}

const LABELS = fc.array(fc.nat(), { minLength: LIMITS.maxSamples, maxLength: LIMITS.maxSamples });

/** Questions that a route with a body has an answer to: in both forms, with settings in the body or in the query. */
function posted(model: Model, path: string): fc.Arbitrary<Question> {
  const { config: { input, latent, classes } } = model, codes = path === "/decode";
  const [low, high] = codes ? [-9, 9] : likelihood(model).support.map((bound) => Math.max(-99, Math.min(99, bound)));
  const number = fc.oneof(
    { weight: 4, arbitrary: fc.float({ min: low, max: high, noNaN: true }) },
    fc.constantFrom(low, high, -0),
  );
  const cols = codes ? latent : input, row = fc.array(number, { minLength: cols, maxLength: cols });
  return fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: LIMITS.maxBatch }),
    form: fc.constantFrom("bytes", "rows", "object"),
    inQuery: fc.boolean(),
    seed: path === "/reconstruct" || path === "/anomaly" ? fc.option(seed, { nil: undefined }) : fc.constant(undefined),
    samples: path === "/anomaly" ? fc.option(fc.nat(LIMITS.maxBatch), { nil: undefined }) : fc.constant(undefined),
    as: codes ? fc.constantFrom(undefined, "x", "outputs") : fc.constant(undefined),
    labels: LABELS,
    one: fc.boolean(),
    accept,
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
  }).map(({ rows, form, inQuery, seed, samples, as, labels, one, accept, cuts }) => {
    const given = labelsOf(labels, classes, rows.length, one);
    const few = samples === undefined ? samples : 1 + samples % Math.floor(LIMITS.maxBatch / rows.length),
      bare = form !== "object" || inQuery;
    const body = { [codes ? "z" : "x"]: rows, ...!bare && { labels: given, seed, samples: few } };
    const headers: [string, string][] = [["content-type", "application/json"], ["accept", accept]];
    if (form === "bytes") {
      headers.splice(0, 1, ["content-type", "application/octet-stream"], ["x-shape", `${rows.length},${cols}`]);
    }
    return {
      method: "POST",
      path,
      query: queryOf(bare ? { label: given, seed, samples: few, as } : { as }),
      headers,
      body: form === "bytes"
        ? new Uint8Array(Float32Array.from(rows.flat()).buffer)
        : new TextEncoder().encode(JSON.stringify(form === "rows" ? rows : body)),
      cuts,
      fails: false,
      rows: rows.length,
    };
  });
}

/** Questions without a body. */
function got({ config: { classes } }: Model): fc.Arbitrary<Question> {
  const settings = { n: fc.integer({ min: 1, max: LIMITS.maxSamples }), seed: fc.option(seed, { nil: undefined }) };
  const samples = fc.record({ ...settings, labels: LABELS, one: fc.boolean(), picture: fc.boolean(), accept }).map(
    ({ n, seed, labels, one, picture, accept }): Question => ({
      method: "GET",
      path: "/sample",
      query: queryOf({ n, seed, label: labelsOf(labels, classes, n, one) }),
      headers: [["accept", picture ? "image/png" : accept]],
      cuts: [],
      fails: false,
      rows: n,
    }),
  );
  const health = fc.constant<Question>({
    method: "GET",
    path: "/health",
    query: "",
    headers: [],
    cuts: [],
    fails: false,
  });
  return fc.oneof({ weight: 4, arbitrary: samples }, health);
}

/** Questions that a model has an answer to. */
export function goodQuestions(model: Model): fc.Arbitrary<Question> {
  return fc.oneof(got(model), ...["/encode", "/decode", "/reconstruct", "/anomaly"].map((path) => posted(model, path)));
}
