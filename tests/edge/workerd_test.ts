/** The example for Cloudflare in real workerd: the README's bundle answers as the same handler does in Deno. */
import { decode as decodePng } from "npm:fast-png@8.0.0";
import { bundle } from "../../wasm/bundle.ts";
import { createHandler, type Handler, load } from "../../src/edge/handler/mod.ts";
import { explorer } from "../../src/explorer/mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { get, post, postRaw, refused } from "./handler.ts";
import { labelsOf, smallFile, wasm } from "./models.ts";
import { requestText, send, statusOf } from "./server.ts";
import { bundleCommand, bundled, withWorker } from "./workerd.ts";

const CONFIG = { input: 64, image: [8, 8, 1] as const, channels: [4], hidden: [11], latent: 3, classes: 4 };
const FILE = smallFile(CONFIG), KERNELS = await wasm("edge_relaxed");
const FILES = await bundled(FILE), HANDLER = createHandler(await load(FILE, { wasm: KERNELS }), { explorer });

const X = Float32Array.from({ length: 192 }, (_, i) => (i * 7 % 64) / 63), Z = Float32Array.of(0.5, -2, 1e-7, 3, 0, 1);
const ROWS = [0, 1, 2].map((i) => [...X.subarray(64 * i, 64 * i + 64)]), { labels } = labelsOf(3, 4);
const RAW = "application/octet-stream", label = labels!.join();

/** One of everything that can be asked. */
const QUESTIONS: Readonly<Record<string, (handler: Handler) => Promise<Response>>> = {
  encode: (handler) => post(handler, "/encode", { x: ROWS, labels }),
  "encode, raw": (handler) => postRaw(handler, `/encode?label=${label}`, X, "3,64"),
  decode: (handler) => post(handler, "/decode", { z: [[...Z.subarray(0, 3)], [...Z.subarray(3)]], labels: 2 }),
  "decode, raw": (handler) => postRaw(handler, "/decode?label=1,3&as=outputs", Z, "2,3"),
  reconstruct: (handler) => post(handler, "/reconstruct", { x: ROWS, labels, seed: 9 }),
  "reconstruct, raw": (handler) => postRaw(handler, `/reconstruct?label=${label}`, X, "3,64"),
  anomaly: (handler) => post(handler, "/anomaly", { x: ROWS, labels, seed: 3, samples: 5 }),
  sample: (handler) => get(handler, "/sample?n=5&seed=7&label=3"),
  "sample, raw": (handler) => get(handler, "/sample?n=5&seed=7&label=3", { accept: RAW }),
  explorer: (handler) => get(handler, "/"),
  "the explorer's model": (handler) => get(handler, "/model.safetensors"),
  // Last, for it tells the model's memory, which is as large as the largest question needed.
  health: (handler) => get(handler, "/health"),
};

/** All of an answer that does not depend on who sends it. */
async function all(response: Response) {
  const { status, headers } = response;
  const named = ["content-type", "x-shape", "vary", "x-content-type-options"].map((name) => headers.get(name));
  return { status, named, body: await response.bytes() };
}

Deno.test("the README's bundle answers every route in workerd with the bits that Deno gives", async () => {
  assertEquals(Object.keys(FILES).toSorted(), ["cloudflare.js", "edge_relaxed.wasm", "model.safetensors"]);
  await withWorker(FILES, async (worker) => {
    // The first requests come all at once, before anything was computed.
    const seeded = (handler: Handler, seed: number) => get(handler, `/sample?n=3&seed=${seed}&label=1`).then(all);
    const first = await Promise.all(Array.from({ length: 24 }, (_, i) => seeded(worker, i)));
    for (const [i, got] of first.entries()) assertEquals(got, await seeded(HANDLER, i));
    for (const [name, ask] of Object.entries(QUESTIONS)) {
      const got = await all(await ask(worker)),
        again = await all(await ask(worker)),
        want = await all(await ask(HANDLER));
      assertEquals([got, again], [want, want], name);
      assertEquals(got.status, 200, name);
    }
  });
});

Deno.test("pictures of workerd have the pixels of Deno's", async () => {
  await withWorker(FILES, async (worker) => {
    const picture = async (handler: Handler, seed: number) => {
      const response = await get(handler, `/sample?n=5&seed=${seed}&label=2`, { accept: "image/png" });
      assertEquals([response.status, response.headers.get("content-type")], [200, "image/png"]);
      const { width, height, data } = decodePng(await response.bytes());
      return { width, height, data: [...data] };
    };
    const got = await picture(worker, 7);
    assertEquals(got, await picture(HANDLER, 7));
    assert(got.data.join() !== (await picture(worker, 8)).data.join());
  });
});

Deno.test("workerd answers wrong requests as Deno does, and goes on", async () => {
  const wrong: [status: number, ask: (handler: Handler) => Promise<Response>][] = [
    [400, (handler) => post(handler, "/encode", "[[0, 1")],
    [400, (handler) => post(handler, "/encode", "")],
    [400, (handler) => post(handler, "/encode", { x: [[0, 1, 2]], labels: 0 })],
    [400, (handler) => post(handler, "/decode", { z: [[0, 1, "2"]], labels: 0 })],
    [400, (handler) => postRaw(handler, "/encode?label=0", X, "2,64")],
    [400, (handler) => get(handler, "/sample")],
    [422, (handler) => post(handler, "/encode", { x: [Array(64).fill(2)], labels: 0 })],
    [422, (handler) => get(handler, "/sample?n=1000000&label=0")],
    [415, (handler) => post(handler, "/encode", "x", { "content-type": "text/plain" })],
    [406, (handler) => get(handler, "/sample?label=0", { accept: "text/html" })],
    [405, (handler) => get(handler, "/encode")],
    [404, (handler) => get(handler, "/nothing")],
  ];
  await withWorker(FILES, async (worker) => {
    const good = () => QUESTIONS.encode(worker).then(all), before = await good();
    for (const [status, ask] of wrong) {
      const { wanted, got } = await refused(await ask(worker), status);
      const want = await refused(await ask(HANDLER), status);
      assertEquals([wanted, got], [want.wanted, want.got]);
      assertEquals(await good(), before);
    }
  });
});

Deno.test("a body that is too large for workerd is answered with 413, and no more", async () => {
  const json = { "content-type": "application/json" }, line = "POST /encode?label=0", large = 2 ** 21 + 1;
  const announced = requestText(line, { ...json, "content-length": large }), piece = " ".repeat(2 ** 16);
  const chunked = requestText(line, { ...json, "transfer-encoding": "chunked" });
  await withWorker(FILES, async (worker, port) => {
    const good = () => QUESTIONS.encode(worker).then(all), before = await good();
    const questions = [[announced], [announced, ...Array(33).fill(piece)], [
      chunked,
      ...Array(40).fill(`10000\r\n${piece}\r\n`),
    ]];
    for (const parts of questions) {
      const answer = await send(port, ...parts);
      assertEquals(statusOf(answer), 413, answer);
      assertStringIncludes(answer, "Cannot read the body: expected at most 2097152 bytes, got ");
      assertEquals(await good(), before);
    }
  });
});

/** Sends a request whose body is cut off, and no more; gives what is answered. */
async function cutOff(port: number, body: string): Promise<string> {
  const head = "POST /encode?label=0 HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${head}content-length: 1000\r\nconnection: close\r\n\r\n${body}`));
  await connection.closeWrite();
  return await new Response(connection.readable).text();
}

Deno.test("a body that is cut off on its way to workerd is answered with 400, however often", async () => {
  await withWorker(FILES, async (worker, port) => {
    for (let i = 0; i < 40; i++) {
      const answer = await cutOff(port, "[[0, 1, 0.5");
      assertStringIncludes(answer, "HTTP/1.1 400 ");
      assertStringIncludes(answer, "expected all of it, got 11 bytes before it was cut off");
    }
    assertEquals((await QUESTIONS.encode(worker)).status, 200);
  });
});

Deno.test("requests that workerd drops do not shut others out, though they never give back what they took", async () => {
  const program = `
    import { createHandler, load } from "./src/edge/handler/mod.ts";
    import wasm from "./edge_relaxed.wasm";
    import model from "./model.safetensors";
    const limits = { maxBytes: 65536, maxPending: 131072, timeout: 20_000 };
    const handler = createHandler(await load(model, { wasm }), limits);
    /** Asks with a body that never ends, and gives up. */
    async function drop({ SELF }) {
      const { readable, writable } = new TransformStream(), abort = new AbortController();
      const headers = { "content-type": "application/json" }, { signal } = abort;
      const asked = SELF.fetch("http://localhost/encode", { method: "POST", body: readable, headers, signal });
      await writable.getWriter().write(new Uint8Array(60_000).fill(32));
      await new Promise((resolve) => setTimeout(resolve, 20));
      abort.abort();
      return new Response(await asked.then(({ status }) => status, ({ name }) => name));
    }
    export default { fetch: (request, env) => request.url.endsWith("/drop") ? drop(env) : handler(request) };`;
  const { code } = await bundle(program), { "cloudflare.js": _, ...others } = FILES;
  await withWorker({ ...others, "worker.js": code }, async (worker) => {
    const encode = async () => {
      const response = await QUESTIONS.encode(worker);
      await response.body!.cancel();
      return response.status;
    };
    assertEquals(await encode(), 200);
    // There is room for two of them.
    for (let i = 0; i < 6; i++) {
      assertEquals(await (await get(worker, "/drop")).text(), "AbortError");
      assertEquals(await encode(), 200);
    }
  }, "worker.js");
});

Deno.test("workerd does not start with a file that is cut off, or other kernels, and says why", async () => {
  const wanted = "expected edge_relaxed.wasm or edge_baseline.wasm of this version of elbo, got one that";
  const changes: [change: typeof FILES, message: string][] = [
    [{ "model.safetensors": FILE.slice(0, -100) }, "CheckpointError: Cannot read checkpoint: expected "],
    [{ "model.safetensors": new Uint8Array() }, "CheckpointError: Cannot read checkpoint: "],
    [{ "edge_relaxed.wasm": await wasm("single_relaxed") }, `${wanted} exports dispatch`],
    [{ "edge_relaxed.wasm": await wasm("threads_relaxed") }, `${wanted} does not fit (`],
  ];
  for (const [change, message] of changes) {
    const started = () => withWorker({ ...FILES, ...change }, () => Promise.reject(new RangeError("it started")));
    await assertRejects(started, Error, message);
  }
});

Deno.test("wrangler is told to deploy what the README's command writes", async () => {
  const toml = await Deno.readTextFile(new URL("../../examples/wrangler.toml", import.meta.url)),
    { out } = await bundleCommand();
  assertStringIncludes(toml, `main = "../${out}/cloudflare.js"`);
  assertStringIncludes(toml, "no_bundle = true");
});
