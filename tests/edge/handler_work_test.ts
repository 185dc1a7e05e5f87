/** How much a request may ask for, and that large ones let others in, with the same bits. */
import { type ConfigOptions, dispose, init, save } from "../../mod.ts";
import { createHandler } from "../../src/edge/handler/mod.ts";
import { checkStructure } from "../../src/edge/handler/structure.ts";
import { decode, encode, generate, key, likelihood, load, reconstruct } from "../../src/edge/mod.ts";
import { resolveConfig } from "../../src/vae/config.ts";
import { work } from "../../src/vae/work.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { floats, get, json, post, refused, served } from "./handler.ts";
import { labelsOf } from "./models.ts";

Deno.test("work() counts the products of every kind of layer", () => {
  // What is left without the elementwise part, which is 16 per value.
  const dense = work(resolveConfig({ input: 784, hidden: [400, 30], latent: 20, classes: 10 }));
  assertEquals(dense.encode, 794 * 400 + 400 * 30 + 30 * 40 + 16 * (400 + 30 + 40));
  assertEquals(dense.decode, 30 * 30 + 30 * 400 + 400 * 784 + 16 * (30 + 400 + 784));
  const conv = work(resolveConfig({ input: 192, image: [8, 8, 3], channels: [5, 7], hidden: [11], latent: 2 }));
  // 4 x 4 kernels at 16 and at 4 positions; patches of 16 values of each channel.
  const convolutions = 16 * (16 * 3 * 5 + 16 * 48 + 16 * 5) + 4 * (16 * 5 * 7 + 16 * 80 + 16 * 7);
  assertEquals(conv.encode, convolutions + 28 * 11 + 16 * 11 + 11 * 4 + 16 * 4);
  const transposed = 4 * (16 * 5 * 7 + 16 * 80) + 16 * 16 * 5 + 16 * (16 * 3 * 5 + 16 * 48) + 64 * 16 * 3;
  assertEquals(conv.decode, 2 * 11 + 16 * 11 + 11 * 28 + 16 * 28 + transposed);
  const pixel = work(resolveConfig({ input: 10, hidden: [], latent: 3, likelihood: "gaussian-pixel" }));
  assertEquals([pixel.decode, pixel.logProb], [3 * 20 + 16 * 20, 64 * 20]);
});

Deno.test("work beyond maxWork is refused with 413 and the largest number that is not", async () => {
  const { handler, model } = await served(undefined, { maxWork: 30_000 }), each = work(model.config);
  const row = [0, 1, 0.25, 0.5, 0.1, 0.9],
    rows = (n: number) => new Array(n).fill(row),
    wanted = /^at most (\d+) (\w+)/;
  const asks: [ask: (n: number) => Promise<Response>, what: string][] = [
    [(n) => post(handler, "/encode", rows(n)), "rows"],
    [(n) => post(handler, "/decode", new Array(n).fill([0, 0])), "rows"],
    [(n) => post(handler, "/reconstruct", rows(n)), "rows"],
    [(n) => post(handler, "/anomaly", { x: rows(n), samples: 2 }), "rows"],
    [(n) => post(handler, "/anomaly", { x: [row], samples: n }), "samples"],
    [(n) => get(handler, `/sample?n=${n}`), "samples"],
    [(n) => get(handler, `/sample?n=${n}`, { accept: "image/png" }), "samples"],
  ];
  for (const [ask, what] of asks) {
    const error = await refused(await ask(100), 413), [, most, named] = error.wanted!.match(wanted)!;
    assertEquals([named, error.got], [what, "100"]);
    assert(error.message.includes("a request may take 30000 multiply-adds"), error.message);
    // It is the largest.
    assertEquals([Number(most) >= 1, (await ask(Number(most))).status], [true, 200], what);
    await refused(await ask(Number(most) + 1), 413);
  }
  // Numbers that need not be written as JSON are more.
  assert((await get(handler, "/sample?n=20", { accept: "application/octet-stream" })).ok);
  await refused(await get(handler, "/sample?n=20"), 413);
  assertEquals((await (await get(handler, "/health")).json()).work, each);
});

Deno.test("256 rows of 784-400-20 are a small part of what a request may ask for", () => {
  const { encode, decode, mean } = work(resolveConfig({ input: 784, hidden: [400], latent: 20 }));
  assert(256 * (encode + decode + mean + 784 * 1024) < 2 ** 32 / 8);
});

Deno.test("a model of which one row is more than the default may be asked for one row", async () => {
  const { handler } = await served({ input: 4, hidden: [3], latent: 1 });
  const { limits, work } = await (await get(handler, "/health")).json();
  assertEquals(limits.maxWork, 2 ** 32);
  assert(work.encode + work.decode + work.mean < limits.maxWork);
});

/** A model large enough that 256 rows are many slices whatever the machine: 6.3 million multiply-adds per row. */
const LARGE = { input: 1024, hidden: [2048], latent: 500, classes: 3 };

/** The file of a model that was not trained, since that takes long. */
function fileOf(config: ConfigOptions): Uint8Array<ArrayBuffer> {
  const state = init(config, { key: key(0) }), file = save(state);
  dispose(state);
  return file;
}

Deno.test("a large request is answered in slices, others in between, and all with the bits of one call", async () => {
  const model = await load(fileOf(LARGE)), { input, latent } = LARGE, B = 96;
  const handler = createHandler(model, { maxBytes: 2 ** 23 }), { labels } = labelsOf(B, 3), given = { labels };
  const x = Float32Array.from({ length: B * input }, (_, i) => Math.fround((i * 7919 % 997) / 997));
  const z = Float32Array.from({ length: B * latent }, (_, i) => Math.fround((i * 7919 % 997) / 500 - 1));
  const label = `label=${labels!.join()}`, raw = "application/octet-stream";
  const ask = async (path: string, data: Float32Array<ArrayBuffer>, cols: number) => {
    const headers = { "content-type": raw, accept: raw, "x-shape": `${B},${cols}` };
    const response = await handler(new Request(`http://localhost${path}`, { method: "POST", body: data, headers }));
    assertEquals(response.status, 200, path);
    return new Float32Array(await response.arrayBuffer());
  };
  const order: string[] = [];
  const noted = <T>(name: string, promise: Promise<T>) => promise.then((value) => (order.push(name), value));
  const large = Promise.all([
    noted("encode", ask(`/encode?${label}`, x, input)),
    noted("decode", ask(`/decode?${label}`, z, latent)),
    noted("outputs", ask(`/decode?as=outputs&${label}`, z, latent)),
    noted("reconstruct", ask(`/reconstruct?seed=9&${label}`, x, input)),
    noted("sample", get(handler, `/sample?n=${B}&seed=4&${label}`).then(json)),
  ]);
  let healths = 0;
  const all = large.then(() => true);
  // One question after the other, each answered before the next timer.
  while (order.length < 5) {
    const tick = new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals((await get(handler, "/health")).status, 200);
    healths++;
    await tick;
  }
  await all;
  const [encoded, decoded, outputs, reconstructed, sampled] = await large, { mean, logVar } = encode(model, x, given);
  assertEquals(encoded, Float32Array.from([...mean.data, ...logVar.data]));
  assertEquals(outputs, decode(model, z, given).data);
  assertEquals(decoded, likelihood(model).mean(decode(model, z, given)).data);
  assertEquals(reconstructed, reconstruct(model, x, { key: key(9), ...given }).data);
  assertEquals(floats(sampled.x), generate(model, { n: B, key: key(4), ...given }).data);
  // Of 3 billion multiply-adds in slices of eight milliseconds; a machine would have to do them all in 40.
  assert(healths >= 5, `${healths} answers of /health`);
});

Deno.test("a score is the same in slices as alone", async () => {
  const model = await load(fileOf({ ...LARGE, classes: 0 })), handler = createHandler(model);
  const row = Array.from({ length: 1024 }, (_, i) => (i * 31 % 100) / 100);
  const { nats: many } = await json(await post(handler, "/anomaly", { x: new Array(40).fill(row), samples: 6 }));
  const { nats: [one] } = await json(await post(handler, "/anomaly", { x: [row], samples: 6 })) as { nats: number[] };
  assertEquals(many, new Array(40).fill(one));
});

Deno.test("when the client goes away the rest is not computed, and nothing of it is held", async () => {
  const model = await load(fileOf({ ...LARGE, classes: 0 })), gone = new AbortController();
  const handler = createHandler(model, { maxWork: 2 ** 34 }), url = "http://localhost/sample?n=256";
  const asked = handler(new Request(url, { signal: gone.signal }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  gone.abort();
  const answer = await asked;
  assertEquals(answer.status, 499);
  assertEquals((await answer.json()).error.message, "Cannot answer: the client has gone");
  // Eight such may be answered at a time: there would be no room if they were not given back.
  for (let i = 0; i < 30; i++) {
    const again = new AbortController(), answer = handler(new Request(url, { signal: again.signal }));
    await new Promise((resolve) => setTimeout(resolve, 1));
    again.abort();
    assertEquals((await answer).status, 499);
  }
  assertEquals((await get(handler, "/sample?n=2")).status, 200);
});

Deno.test("work of all together, and of one client, is bounded: what is more is refused with 503", async () => {
  const model = await load(fileOf({ ...LARGE, classes: 0 }));
  const { decode, mean } = work(model.config), maxWork = 4 * (decode + mean + 64 * 500 + 1024 * 1024);
  const clientAddress = (request: Request) => request.headers.get("x-client") ?? undefined;
  const handler = createHandler(model, { maxWork, clientAddress });
  const many = (count: number, headers: HeadersInit) =>
    Promise.all(Array.from({ length: count }, () => get(handler, "/sample?n=4", headers)));
  const answers = await Promise.all([many(6, { "x-client": "192.0.2.1" }), many(2, { "x-client": "192.0.2.2" })]);
  const statuses = answers.map((group) => group.map(({ status }) => status).toSorted());
  assertEquals(statuses, [[200, 200, 200, 200, 503, 503], [200, 200]]);
  const refusedOne = answers[0].find(({ status }) => status === 503)!;
  assertEquals(refusedOne.headers.get("retry-after"), "1");
  assertEquals((await refused(refusedOne, 503)).message, "Cannot answer: too much else is asked for, try again");
  assertEquals((await many(10, {})).map(({ status }) => status).toSorted(), [...new Array(8).fill(200), 503, 503]);
  assertEquals((await many(1, { "x-client": "192.0.2.1" }))[0].status, 200);
});

Deno.test("long bodies of brackets or names are refused before they are parsed", () => {
  const bytes = (text: string) => new TextEncoder().encode(text),
    many = (text: string) => `[${new Array(1e5).fill(text)}]`;
  const check = (text: string) => () => checkStructure(bytes(text), 256, 400);
  const row = `[${new Array(400).fill("0.123456789")}]`, rows = new Array(256).fill(row);
  for (
    const good of [`[${rows}]`, `{"x": [${rows}], "labels": [${new Array(256).fill(1)}], "seed": 1, "samples": 1}`]
  ) {
    check(good)();
  }
  for (
    const [text, status, got] of [
      [many("[]"), 413, "more"],
      [`[${new Array(2e5).fill("0")}]`, 413, "more"],
      [many("{}"), 413, "more"],
      [`[${[...rows, row, row, row, row]}]`, 413, "more"],
      ["[".repeat(1e5), 400, "arrays within rows"],
      ['{"x":'.repeat(2e4), 400, "arrays within rows"],
      [many('""'), 400, "more than a few names"],
      [`{${many('"a":1').slice(1, -1)}}`, 400, "more than a few names"],
    ] as const
  ) {
    const error = assertThrows(check(text)) as Error & { status: number; details: { got: string } };
    assertEquals([error.status, error.details.got], [status, got], text.slice(0, 20));
  }
  // Short ones are parsed whatever they are, and what is wrong with them is said better.
  check("[".repeat(1000))();
});
