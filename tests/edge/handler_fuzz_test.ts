/** Whatever is asked, the handler answers: with all of what was asked for, or with an error in the one shape. */
import fc from "npm:fast-check@4.10.2";
import { decode as decodePng } from "npm:fast-png@8.0.0";
import type { Handler } from "../../src/edge/handler/mod.ts";
import { likelihood, type Model } from "../../src/edge/mod.ts";
import type { ConfigOptions } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { floats, get, json, post, refused, served } from "./handler.ts";
import { goodQuestions, LIMITS, type Question, requestOf } from "./questions.ts";
import { questions } from "./wrong_questions.ts";

const CONFIGS: Record<string, ConfigOptions> = {
  plain: { input: 6, hidden: [5], latent: 2 },
  conditional: { input: 4, hidden: [], latent: 3, classes: 4, likelihood: "squared-error" },
  "two outputs a value": { input: 5, hidden: [4], latent: 2, likelihood: "gaussian-pixel", batchNorm: true },
  convolutional: { input: 24, image: [4, 2, 3], channels: [2], hidden: [], latent: 2, classes: 3, embedding: 2 },
};

/** How many there have to be at least of each answer, of some 8,500 for each model, so that nothing goes untested. */
const LEAST = {
  // No 503: bodies that find no room wait for those that have it, and these end at once.
  ...{ 200: 2500, 204: 40, 400: 2500, 404: 300, 405: 600, 406: 100, 413: 60, 415: 200, 422: 12 },
  "changed and answered": 1000,
};

/** Statuses that a request may be refused with. */
const REFUSALS = [400, 404, 405, 406, 408, 413, 415, 422, 503];

/** Methods that each route answers to. */
const POSTED = ["/encode", "/decode", "/reconstruct", "/anomaly"], GOT = ["/sample", "/health"];

/** Columns of the arrays that an answer has, by name; none for one number a row. */
function columnsOf(model: Model, path: string, names: readonly string[]): Record<string, number | undefined> {
  const { input, latent } = model.config;
  if (path === "/encode") return { mean: latent, logVar: latent };
  if (path === "/anomaly") return { nats: undefined };
  return names.includes("outputs") ? { outputs: input * likelihood(model).outputs } : { x: input };
}

/** Checks an answer in JSON. */
function checkJson(model: Model, { path, rows }: Question, text: string): void {
  const body = JSON.parse(text), columns = columnsOf(model, path, Object.keys(body));
  if (path === "/health") return assertEquals([body.status, body.bytes], ["ok", model.bytes]);
  const { seed, samples, ...arrays } = body;
  assertEquals(Object.keys(arrays), Object.keys(columns));
  const more = { "/sample": ["number", "undefined"], "/anomaly": ["number", "number"] }[path];
  assertEquals([typeof seed, typeof samples], more ?? ["undefined", "undefined"]);
  let B = rows;
  for (const [name, cols] of Object.entries(columns)) {
    const values = arrays[name] as (number | number[])[];
    B ??= values.length;
    assertEquals(values.length, B);
    assert(B >= 1 && B <= LIMITS.maxSamples);
    for (const value of values) {
      assertEquals(Array.isArray(value) ? value.length : undefined, cols);
      assert([value].flat().every((each) => typeof each === "number" && Number.isFinite(each)));
    }
  }
}

/** Checks an answer in float32. */
function checkRaw(model: Model, { path, query, rows }: Question, bytes: Uint8Array, shape: string | null): void {
  const columns = columnsOf(model, path, query.includes("as=outputs") ? ["outputs"] : []),
    [cols] = Object.values(columns);
  const sizes = shape!.split(",").map(Number), B = sizes[path === "/encode" ? 1 : 0];
  assertEquals(sizes, [...path === "/encode" ? [2] : [], rows ?? B, ...cols === undefined ? [] : [cols]]);
  assert(Number.isInteger(B) && B >= 1 && B <= LIMITS.maxSamples);
  assertEquals(bytes.length, 4 * sizes.reduce((n, size) => n * size, 1));
  assert(new Float32Array(bytes.slice().buffer).every(Number.isFinite));
}

/** How many rows a question has that was answered; all of them have to be numbers that the model has an answer to. */
function rowsOf(model: Model, codes: boolean, type: string, body: Uint8Array<ArrayBuffer>): number {
  const { input, latent } = model.config, cols = codes ? latent : input;
  const [low, high] = codes ? [-Infinity, Infinity] : likelihood(model).support;
  let rows: unknown[][];
  if (/json/i.test(type)) {
    const given = JSON.parse(new TextDecoder().decode(body));
    rows = Array.isArray(given) ? given : given[codes ? "z" : "x"];
  } else {
    const floats = new Float32Array(body.slice().buffer);
    rows = Array.from({ length: floats.length / cols }, (_, i) => [...floats.subarray(i * cols, (i + 1) * cols)]);
  }
  for (const row of rows) {
    assertEquals(row.length, cols);
    for (const value of row) {
      assert(typeof value === "number" && Number.isFinite(Math.fround(value)), `${value}`);
      assert(Math.fround(value) >= low && Math.fround(value) <= high, `${value}`);
    }
  }
  return rows.length;
}

/** Checks the answer to a question, asked by a method; gives its status. */
async function check(
  model: Model,
  { method, headers: asked }: Request,
  question: Question,
  response: Response,
): Promise<number> {
  const { status, headers } = response, { path, fails } = question;
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  if (method === "HEAD") {
    assert(status === 200 || REFUSALS.includes(status), `${status}`);
    assertEquals(await response.text(), "");
  } else if (status === 204) {
    assertEquals([method, await response.text()], ["OPTIONS", ""]);
    assert(headers.get("allow")!.endsWith("OPTIONS"));
  } else if (status !== 200) {
    assert(REFUSALS.includes(status), `${status}: ${await response.clone().text()}`);
    await refused(response, status);
  } else {
    const route = new URL(`http://localhost${path}`).pathname;
    assert((method === "POST" ? POSTED : GOT).includes(route) && !(method === "POST" && fails), route);
    const type = headers.get("content-type"), sent = asked.get("content-type") ?? "";
    const rows = method === "POST" ? rowsOf(model, route === "/decode", sent, question.body!) : question.rows;
    if (question.rows !== undefined) assertEquals(rows, question.rows);
    const answered = { ...question, path: route, rows };
    if (type === "application/json") checkJson(model, answered, await response.text());
    else if (type === "image/png") {
      const { width, height, depth } = decodePng(await response.bytes(), { checkCrc: true });
      assert(route === "/sample" && width > 4 && height > 4 && depth === 8);
    } else {
      assertEquals(type, "application/octet-stream");
      checkRaw(model, answered, await response.bytes(), headers.get("x-shape"));
    }
  }
  return status;
}

/** A question whose answer is always the same, and one whose body takes all that bodies may take. */
async function canary(handler: Handler, { config }: Model): Promise<string> {
  const label = config.classes > 0 ? "&label=1" : "", x = [new Array(config.input).fill(0.25)];
  const body = `[[${new Array(config.latent).fill(0.5)}]]`.padEnd(LIMITS.maxBytes, " ");
  const answers = await Promise.all([
    get(handler, `/sample?n=2&seed=3${label}`).then(json),
    post(handler, `/reconstruct?seed=1${label}`, x).then(json),
    get(handler, `/sample?n=2&seed=3${label}`, { accept: "image/png" }).then((response) => response.bytes()),
  ]);
  return JSON.stringify([...answers, await json(await post(handler, `/decode?${label.slice(1)}`, body))]);
}

/** Rejects if a promise takes so long that it must have been forgotten. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => timer = setTimeout(() => reject(new Error("no answer")), 60_000));
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

for (const [seed, [name, config]] of Object.entries(CONFIGS).entries()) {
  Deno.test(`the handler answers whatever it is asked: ${name}`, async () => {
    const { model, handler, errors } = await served(config, LIMITS);
    const wanted = await canary(handler, model), { bytes } = model, counts: Record<string, number> = {};
    const count = (what: string | number) => counts[what] = (counts[what] ?? 0) + 1;
    const ask = async (question: Question, alone: boolean) => {
      const request = requestOf(question), good = question.rows !== undefined;
      const status = await check(model, request, question, await soon(handler(request)));
      // What is good is refused only where other bodies take all that there is for as long as it waits.
      if (good && (alone || status !== 503)) assertEquals(status, 200);
      count(status);
      if (!good && status === 200) count("changed and answered");
    };
    const asBefore = async () => {
      assertEquals(await canary(handler, model), wanted);
      assertEquals(errors, []);
      assert(model.bytes <= bytes + 2 ** 17, `${model.bytes} bytes, ${bytes} at first`);
    };
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(questions(model), async (question) => {
        await ask(question, true);
        if (++asked % 25 === 0) await asBefore();
      }),
      { seed, numRuns: 6000 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(questions(model), { minLength: 20, maxLength: 30 }), async (batch) => {
        await Promise.all(batch.map((question) => ask(question, false)));
        await asBefore();
      }),
      { seed, numRuns: 100 },
    );
    for (const [what, least] of Object.entries(LEAST)) {
      assert(counts[what] >= least, `${counts[what]} of ${what}: ${JSON.stringify(counts)}`);
    }
  });
}

Deno.test("both forms of an answer have the same bits, and the same bits again", async () => {
  for (const [seed, [name, config]] of Object.entries(CONFIGS).entries()) {
    const { model, handler } = await served(config, LIMITS);
    const question = goodQuestions(model).filter(({ path }) => path !== "/health");
    await fc.assert(
      fc.asyncProperty(question, async (question) => {
        const ask = (accept: string) =>
          handler(requestOf({ ...question, headers: [...question.headers.slice(0, -1), ["accept", accept]] }));
        const { seed: _, samples: _samples, ...arrays } = await json(await ask("application/json"));
        const values = Float32Array.from(Object.values(arrays).flatMap((array) => [...floats(array)]));
        for (let i = 0; i < 2; i++) {
          assertEquals(new Float32Array(await (await ask("application/octet-stream")).arrayBuffer()), values, name);
        }
      }),
      { seed, numRuns: 300 },
    );
  }
});
