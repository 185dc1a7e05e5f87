/** What each route answers: what the function of its name gives, to the bit, in both forms. */
import { load as loadState, save } from "../../mod.ts";
import { createHandler } from "../../src/edge/handler/mod.ts";
import { decode, encode, generate, key, likelihood, load, reconstruct, sample } from "../../src/edge/mod.ts";
import { work } from "../../src/vae/work.ts";
import { assert, assertEquals } from "../assert.ts";
import { floats, get, json, post, postRaw, served } from "./handler.ts";
import { smallFile } from "./models.ts";

const ROWS = [[0, 1, 0.25, 1 / 3, 0.1, 0.9], [1, 1, 0, 0, 0.5, 2 ** -20], [0.7, 0.6, 0.5, 0.4, 0.3, 0.2]];
const X = floats(ROWS), CODES = [[0.5, -2], [1e-7, 3]], Z = floats(CODES);

Deno.test("POST routes answer with the bits of the function of their name", async () => {
  const { model, handler } = await served(), { mean, logVar } = encode(model, X);
  const encoded = await json(await post(handler, "/encode", { x: ROWS }));
  assertEquals(Object.keys(encoded), ["mean", "logVar"]);
  assertEquals([floats(encoded.mean), floats(encoded.logVar)], [mean.data, logVar.data]);

  const outputs = decode(model, Z), means = likelihood(model).mean(outputs).data;
  assertEquals(floats((await json(await post(handler, "/decode", { z: CODES }))).x), means);
  assertEquals(floats((await json(await post(handler, "/decode", CODES))).x), means);
  assertEquals(floats((await json(await post(handler, "/decode?as=outputs", CODES))).outputs), outputs.data);

  assertEquals(floats((await json(await post(handler, "/reconstruct", ROWS))).x), reconstruct(model, X).data);
  const drawn = reconstruct(model, X, { key: key(9) }).data;
  assertEquals(floats((await json(await post(handler, "/reconstruct", { x: ROWS, seed: 9 }))).x), drawn);
  assertEquals(floats((await json(await post(handler, "/reconstruct?seed=9", ROWS))).x), drawn);
});

Deno.test("GET /sample answers with what generate gives for its seed, by default 0, and 16 of them", async () => {
  const { model, handler } = await served();
  const { x, seed } = await json(await get(handler, "/sample?n=5&seed=9007199254740991"));
  assertEquals([floats(x), seed], [generate(model, { n: 5, key: key(9007199254740991) }).data, 9007199254740991]);
  const { x: some, ...rest } = await json(await get(handler, "/sample"));
  assertEquals([floats(some), rest], [generate(model, { n: 16, key: key(0) }).data, { seed: 0 }]);
  const few = await served(undefined, { maxSamples: 3 });
  assertEquals(floats((await json(await get(few.handler, "/sample"))).x).length, 18);
});

Deno.test("a conditional model takes one label or one for each, in the body or in the query", async () => {
  const { model, handler } = await served({ input: 6, hidden: [5], latent: 2, classes: 4 });
  const labels = [3, 0, 2],
    each = encode(model, X, { labels }).mean.data,
    one = encode(model, X, { labels: 3 }).mean.data;
  assertEquals(floats((await json(await post(handler, "/encode", { x: ROWS, labels }))).mean), each);
  assertEquals(floats((await json(await post(handler, "/encode?label=3,0,2", ROWS))).mean), each);
  assertEquals(floats((await json(await post(handler, "/encode", { x: ROWS, labels: 3 }))).mean), one);
  const raw = await postRaw(handler, "/encode?label=3", X, "3,6");
  assertEquals(new Float32Array(await raw.arrayBuffer()).subarray(0, 6), one);
  const sampled = await json(await get(handler, "/sample?n=2&seed=1&label=3,1"));
  assertEquals(floats(sampled.x), generate(model, { n: 2, key: key(1), labels: [3, 1] }).data);
});

Deno.test("float32 goes both ways: little-endian, with its shape in the header x-shape", async () => {
  const { model, handler } = await served(), { mean, logVar } = encode(model, X);
  const read = async (response: Response) => {
    const { status, headers } = response;
    assertEquals([status, headers.get("content-type")], [200, "application/octet-stream"]);
    const data = new Float32Array(await response.arrayBuffer());
    return { data, shape: headers.get("x-shape") };
  };
  const encoded = await read(await postRaw(handler, "/encode", X, "3,6"));
  assertEquals(encoded, { data: Float32Array.from([...mean.data, ...logVar.data]), shape: "2,3,2" });
  const decoded = await read(await postRaw(handler, "/decode", Z, "2, 2"));
  assertEquals(decoded, { data: likelihood(model).mean(decode(model, Z)).data, shape: "2,6" });
  const reconstructed = await read(await postRaw(handler, "/reconstruct?seed=4", X, "3,6"));
  const z = sample(encode(model, X), { key: key(4) });
  assertEquals(reconstructed.data, likelihood(model).mean(decode(model, z)).data);
  const { data, shape } = await read(await postRaw(handler, "/anomaly", X, "3,6"));
  assertEquals([data.length, shape], [3, "3"]);
  // Either form may be answered in the other.
  const accept = "application/octet-stream";
  assertEquals((await read(await post(handler, "/encode", ROWS, { accept }))).data, encoded.data);
  const asJson = await postRaw(handler, "/encode", X, "3,6", { accept: "application/json" });
  assertEquals(floats((await json(asJson)).mean), mean.data);
  const samples = await read(await get(handler, "/sample?n=2", { accept }));
  assertEquals(samples, { data: generate(model, { n: 2, key: key(0) }).data, shape: "2,6" });
});

Deno.test("GET /health says what the model is and what may be asked", async () => {
  const { model, handler } = await served({ input: 6, hidden: [5], latent: 2, classes: 4 }, { maxBatch: 7 });
  const limits = { maxBytes: 2 ** 21, maxBatch: 7, maxSamples: 256, maxWork: 2 ** 32 };
  const about = { input: 6, latent: 2, classes: 4, likelihood: "bernoulli", shape: [6], support: [0, 1] };
  const { bytes } = model,
    { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const said = await json(await get(handler, "/health?ignored=1"));
  assertEquals(said, {
    ...{ status: "ok", version, name: "model", model: about, limits, work: work(model.config), bytes },
  });
});

Deno.test("GET /health names the model, by the option or its file, and the shape of its examples", async () => {
  const config = { input: 24, hidden: [5], latent: 2 }, file = smallFile(config);
  const said = async (metadata: Record<string, string>, name?: string, given = file) => {
    const model = await load(save(loadState(given), { metadata }));
    const { name: named, model: { shape } } = await (await get(createHandler(model, { name }), "/health")).json();
    return [named, shape];
  };
  assertEquals(await said({}), ["model", [24]]);
  assertEquals(await said({ name: "digits" }), ["digits", [24]]);
  assertEquals(await said({ name: "digits", training: '{"height":4,"width":6}' }, "of mine"), ["of mine", [4, 6, 1]]);
  assertEquals(await said({ name: "\x1b[2J" }), ["\\u001b[2J", [24]]);
  const image = smallFile({ ...config, image: [4, 2, 3], channels: [2] });
  assertEquals(await said({}, "images", image), ["images", [4, 2, 3]]);
});

Deno.test("GET / answers with the explorer, or says that there is none", async () => {
  const page = "<!doctype html><title>ö</title>", { handler } = await served(undefined, { explorer: page });
  const response = await get(handler, "/", { accept: "text/html,*/*;q=0.8" });
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  assertEquals(await response.text(), page);
  const { status, headers } = await get((await served()).handler, "/");
  assertEquals([status, headers.get("content-type")], [404, "application/json"]);
});

Deno.test("HEAD is GET without a body; OPTIONS tells the methods", async () => {
  const { handler } = await served();
  for (const path of ["/health", "/sample?n=2"]) {
    const head = await handler(new Request(`http://localhost${path}`, { method: "HEAD" })),
      full = await get(handler, path);
    assertEquals([head.status, [...head.headers], await head.text()], [200, [...full.headers], ""]);
  }
  const wrong = await handler(new Request("http://localhost/sample?n=0", { method: "HEAD" }));
  assertEquals([wrong.status, await wrong.text()], [422, ""]);
  for (const [path, allow] of [["/encode", "POST, OPTIONS"], ["/sample", "GET, HEAD, OPTIONS"]]) {
    const { status, headers, body } = await handler(new Request(`http://localhost${path}`, { method: "OPTIONS" }));
    assertEquals([status, headers.get("allow"), body], [204, allow, null]);
    assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
  }
});

Deno.test("pages of other origins may ask only where cors allows it, errors included", async () => {
  const closed = await get((await served()).handler, "/health", { origin: "https://example.com" });
  assertEquals(closed.headers.get("access-control-allow-origin"), null);
  for (const cors of ["*", "https://example.com"]) {
    const { handler } = await served(undefined, { cors });
    for (const path of ["/health", "/nowhere"]) {
      const { headers } = await get(handler, path, { origin: "https://example.com" });
      assertEquals(headers.get("access-control-allow-origin"), cors);
      assertEquals(headers.get("access-control-expose-headers"), "x-shape");
    }
    const preflight = await handler(new Request("http://localhost/encode", { method: "OPTIONS" }));
    assertEquals(preflight.headers.get("access-control-allow-methods"), "POST, OPTIONS");
    assertEquals(preflight.headers.get("access-control-allow-headers"), "content-type, x-shape");
  }
});

Deno.test("equal seeds have equal answers, other seeds others", async () => {
  const { handler } = await served();
  const questions = [
    (seed: number) => get(handler, `/sample?n=3&seed=${seed}`),
    (seed: number) => get(handler, `/sample?n=3&seed=${seed}`, { accept: "image/png" }),
    (seed: number) => post(handler, "/reconstruct", { x: ROWS, seed }),
    (seed: number) => post(handler, "/anomaly", { x: ROWS, seed, samples: 3 }),
  ];
  for (const ask of questions) {
    const [a, b, c] = await Promise.all([1, 1, 2].map(async (seed) => (await ask(seed)).bytes()));
    assertEquals(a, b);
    assert(a.join() !== c.join());
  }
});
