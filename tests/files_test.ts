/** What is given as a model and is none, or is one that would cost memory without end or compute nothing but NaN. */
import { CheckpointError, init, key, load, save, schedule, tf } from "../mod.ts";
import * as edge from "../src/edge/mod.ts";
import { decodeSafetensors, encodeSafetensors } from "../src/safetensors.ts";
import { changed, FILE } from "./files_fixture.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";

Deno.test("foreign files are recognized, by both modules", async () => {
  const zip = Uint8Array.of(0x50, 0x4b, 3, 4, ...new Uint8Array(40)), text = (s: string) => new TextEncoder().encode(s);
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"), "a Git LFS pointer"],
    [text("<!DOCTYPE html><html><body>404</body></html>"), "an HTML or XML page"],
    [text("\n  <html>"), "an HTML or XML page"],
    [zip, "a ZIP archive, such as a pickled .pt of PyTorch"],
    [Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46), "a pickle, such as an older .pt"],
    [Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10), "an HDF5 file"],
    [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0), "a gzip file"],
    [text('{"config": {}}'), "a JSON text"],
    [Uint8Array.of(8, 7, 0x12, 7, ...text("pytorch")), "an ONNX model"],
    [Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 9), "an IDX file of data"],
    [new Uint8Array(), "an empty one"],
  ];
  for (const [bytes, what] of cases) {
    const message = `Cannot read checkpoint: expected a safetensors file, got ${what}`;
    assertThrows(() => load(bytes), CheckpointError, message);
    await assertRejects(() => edge.load(bytes), CheckpointError, message);
  }
});

Deno.test("load takes bytes in any view, and says what to write in place of what are none", () => {
  const inside = new Uint8Array(FILE.length + 8);
  inside.set(FILE, 5);
  for (
    const bytes of [FILE, FILE.buffer, new DataView(inside.buffer, 5, FILE.length), inside.subarray(5, 5 + FILE.length)]
  ) {
    assertEquals(save(load(bytes)), FILE);
  }
  const cases: [unknown, string][] = [
    ["model.safetensors", 'got "model.safetensors"; write load(await Deno.readFile(path)) for a file'],
    [new Response(FILE), "got a Response; write load(await response.bytes())"],
    [Promise.resolve(FILE), "got a promise; await it"],
    [undefined, "got none"],
  ];
  for (const [given, message] of cases) {
    const error = assertThrows(() => load(given as Uint8Array), TypeError);
    assertEquals(error.message, `Cannot load: expected the bytes of a file, ${message}`);
  }
});

Deno.test("the edge takes bytes in any view and in chunks of any size, and says what to write in place of what are none", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(FILE.length));
  shared.set(FILE);
  const chunks = (size: number) =>
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < FILE.length; at += size) controller.enqueue(FILE.slice(at, at + size));
        controller.close();
      },
    });
  const { data } = edge.generate(await edge.load(FILE), { n: 2, key: key(3) });
  for (const given of [shared, new DataView(FILE.buffer), new Uint16Array(FILE.buffer), chunks(1), chunks(5000)]) {
    assertEquals(edge.generate(await edge.load(given), { n: 2, key: key(3) }).data, data);
  }
  const cases: [unknown, string][] = [
    ["https://example.com/m", 'got "https://example.com/m"; write load(fetch(url))'],
    [null, "got null"],
    [new URL("https://example.com/m"), "got a URL"],
  ];
  for (const [given, message] of cases) {
    const error = await assertRejects(() => edge.load(given as Uint8Array), TypeError);
    assert(error.message.endsWith(`expected bytes, a Response or a stream of bytes, ${message}`), error.message);
  }
});

Deno.test("the edge loads where there is no WebCrypto, as in pages over plain http", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto")!;
  Object.defineProperty(globalThis, "crypto", { configurable: true, get: () => ({ subtle: undefined }) });
  try {
    assertEquals((await edge.load(FILE)).config.latent, 2);
  } finally {
    Object.defineProperty(globalThis, "crypto", own);
  }
});

Deno.test("what could not be read again is not written", () => {
  const state = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
  const bias = tf.tensor([0, NaN]),
    broken = { ...state.nu, encoder: { ...state.nu.encoder, mean: { ...state.nu.encoder.mean, bias } } };
  const message = "Cannot write checkpoint: expected finite values in nu.encoder.mean.bias, got infinity or NaN at 1";
  assertEquals(assertThrows(() => save({ ...state, nu: broken }), CheckpointError).message, message);
  const boundaries = Array.from({ length: 30_000 }, (_, i) => i + 1), factors = [1, ...boundaries.map(() => 0.5)];
  const stepwise = {
    ...state,
    optimizer: { ...state.optimizer, schedule: schedule.stepwise({ boundaries, factors }) },
  };
  assertThrows(
    () => save(stepwise),
    CheckpointError,
    'expected metadata "optimizer" of at most 131072 characters, got',
  );
  const notes = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, ""]));
  assertThrows(
    () => save(state, { metadata: notes }),
    CheckpointError,
    "expected at most 4096 entries of metadata, got",
  );
  assertThrows(() => save(state, { metadata: { note: "x".repeat(2 ** 21) } }), CheckpointError, "a header of at most");
});

Deno.test("a file whose tensors are not those of its SHA-256 is refused, and one without it loads", async () => {
  const { tensors, metadata } = decodeSafetensors(FILE), damaged = FILE.slice();
  assertEquals(metadata.sha256.length, 64);
  damaged[damaged.length - 1] ^= 1;
  for (const call of [() => Promise.resolve().then(() => load(damaged)), () => edge.load(damaged)]) {
    const message = `expected tensors whose SHA-256 is "${metadata.sha256}" as its metadata says, got `;
    await assertRejects(call, CheckpointError, message);
  }
  delete metadata.sha256;
  assertEquals(save(load(encodeSafetensors(tensors, metadata))), FILE);
  await edge.load(encodeSafetensors(tensors, metadata));
});

Deno.test("weights that are not finite are refused by name, also in half precision, and moments in the main module", async () => {
  const name = "params.decoder.output.bias";
  for (const value of [NaN, Infinity, -Infinity]) {
    const file = changed(({ tensors }) => {
      tensors.set(name, { ...tensors.get(name)!, data: new Uint8Array(new Float32Array(6).fill(value, 3).buffer) });
    });
    const message = `Cannot read checkpoint: expected finite values in ${name}, got infinity or NaN at 3`;
    const { numTensors } = tf.memory();
    assertThrows(() => load(file), CheckpointError, message);
    assertEquals(tf.memory().numTensors, numTensors);
    await assertRejects(() => edge.load(file), CheckpointError, message);
    const half = changed(({ tensors }) => {
      const data = new Uint8Array(Uint16Array.of(0, 0, 0, Number.isNaN(value) ? 0x7e00 : 0x7c00, 0, 0).buffer);
      tensors.set(name, { dtype: "F16", shape: [6], data });
    });
    await assertRejects(() => edge.load(half), CheckpointError, message);
  }
  const moments = changed(({ tensors }) => {
    const entry = tensors.get("nu.encoder.mean.bias")!;
    tensors.set("nu.encoder.mean.bias", { ...entry, data: new Uint8Array(Float32Array.of(0, Infinity).buffer) });
  });
  assertThrows(() => load(moments), CheckpointError, "expected finite values in nu.encoder.mean.bias");
});

Deno.test("foreign texts in a message are short and harmless", () => {
  const long = "x".repeat(100_000), escape = "\x1b]0;owned\x07\x1b[2J";
  const cases = [
    changed(({ metadata }) => metadata.elbo = long),
    changed(({ metadata }) => metadata.config = long),
    changed(({ metadata }) => metadata.config = JSON.stringify({ [`${escape}${long}`]: 1, input: 6, latent: 2 })),
    changed(({ metadata }) =>
      metadata.config = JSON.stringify({ input: 6, latent: 2, likelihood: `${escape}${long}` })
    ),
    changed(({ metadata }) => metadata.key = JSON.stringify([long])),
    changed(({ metadata }) => metadata.step = JSON.stringify(long)),
    changed(({ tensors }) => tensors.set(`${escape}${long}`, { dtype: "U8", shape: [], data: new Uint8Array(1) })),
  ];
  for (const file of cases) {
    const { message } = assertThrows(() => load(file), CheckpointError);
    // deno-lint-ignore no-control-regex
    assert(message.length < 600 && !/[\x00-\x1f]/.test(message), message);
  }
});
