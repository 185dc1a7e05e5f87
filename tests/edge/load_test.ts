/** Where models come from: all kinds of sources, and files that are wrong. */
import { load as loadState, save } from "../../mod.ts";
import { CheckpointError, load, type Source } from "../../src/edge/mod.ts";
import { decodeModel } from "../../src/model_file.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/safetensors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { drawn, smallFile } from "./models.ts";

const FILE = smallFile();

const WANTED = drawn(await load(FILE));

/** A stream of bytes in chunks of so many, and how it ended. */
function chunks(bytes: Uint8Array, size: number) {
  let at = 0;
  const seen = { sent: 0, canceled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += size));
      seen.sent = Math.min(at, bytes.length);
    },
    cancel: () => void (seen.canceled = true),
  }, { highWaterMark: 0 });
  return { stream, seen };
}

/** A file with other metadata, or with other tensors. */
function changed(
  file: Uint8Array,
  change: (file: ReturnType<typeof decodeSafetensors>) => void,
): Uint8Array<ArrayBuffer> {
  const contents = decodeSafetensors(file);
  change(contents);
  return encodeSafetensors(contents.tensors, contents.metadata);
}

Deno.test("load takes bytes, blobs, responses, streams, and promises of them", async () => {
  const shifted = new Uint8Array(FILE.length + 3);
  shifted.set(FILE, 3);
  const sources: Record<string, Source | Promise<Source>> = {
    bytes: FILE,
    "bytes at an odd address": shifted.subarray(3),
    buffer: FILE.slice().buffer,
    blob: new Blob([FILE]),
    response: new Response(FILE),
    "promise of a response": Promise.resolve(new Response(FILE)),
    "stream of bytes one by one": chunks(FILE, 1).stream,
    "response of them": new Response(chunks(FILE, 7).stream),
    "empty chunks among others": new Blob([new Uint8Array(), FILE, new Uint8Array()]).stream(),
  };
  for (const [name, source] of Object.entries(sources)) assertEquals(drawn(await load(source)), WANTED, name);
});

Deno.test("load copies: the file's bytes may change afterwards", async () => {
  const file = FILE.slice(), model = await load(file);
  file.fill(0);
  assertEquals(drawn(model), WANTED);
});

Deno.test("load gives the metadata of others", async () => {
  const file = save(loadState(FILE), { metadata: { note: "of mine", training: "{}" } });
  assertEquals((await load(file)).metadata, { note: "of mine", training: "{}" });
});

Deno.test("load refuses what is no source", async () => {
  for (const source of [undefined, null, 1, "model.safetensors", {}, [1]]) {
    await assertRejects(
      () => load(source as unknown as Uint8Array),
      TypeError,
      "Cannot read checkpoint: expected bytes, a Response or a stream of bytes, got ",
    );
  }
  const texts = new ReadableStream({ start: (controller) => controller.enqueue("text") });
  await assertRejects(() => load(texts), TypeError, 'expected a stream of Uint8Array, got "text"');
  const used = new Response(FILE);
  await used.arrayBuffer();
  await assertRejects(() => load(used), TypeError, "expected a response not yet read");
});

Deno.test("load refuses a response of another status, and passes on what went wrong in a stream", async () => {
  const { stream, seen } = chunks(FILE, 10);
  await assertRejects(
    () => load(new Response(stream, { status: 404 })),
    CheckpointError,
    "Cannot read checkpoint: expected a response of status 200, got 404",
  );
  assert(seen.canceled && seen.sent === 0);
  const broken = new ReadableStream({ start: (controller) => controller.error(new Error("the line went dead")) });
  await assertRejects(() => load(broken), Error, "the line went dead");
  await assertRejects(() => load(Promise.reject(new Error("no such host"))), Error, "no such host");
  await assertRejects(() => load(new Response(null)), CheckpointError, "expected a safetensors file, got an empty one");
});

Deno.test("load stops reading a body that is too large", async () => {
  const maxBytes = FILE.length - 1;
  const wanted = `Cannot read checkpoint: expected at most ${maxBytes} bytes, got `;
  const { stream, seen } = chunks(new Uint8Array(1e6), 100);
  await assertRejects(() => load(stream, { maxBytes }), CheckpointError, wanted + "more");
  assert(seen.canceled && seen.sent <= maxBytes + 200, `${seen.sent} bytes were read`);
  await assertRejects(() => load(FILE, { maxBytes }), CheckpointError, wanted + FILE.length);
  await assertRejects(() => load(new Blob([FILE]), { maxBytes }), CheckpointError, wanted + "more");
  const announced = chunks(FILE, 10), headers = { "content-length": "123456" };
  await assertRejects(() => load(new Response(announced.stream, { headers }), { maxBytes }), CheckpointError, "123456");
  assert(announced.seen.canceled && announced.seen.sent === 0);
  assertEquals(drawn(await load(FILE, { maxBytes: FILE.length })), WANTED);
  for (const bad of [0, -1, 1.5, NaN, Infinity]) {
    await assertRejects(() => load(FILE, { maxBytes: bad }), RangeError, "expected maxBytes to be a positive integer");
  }
});

Deno.test("load refuses files cut anywhere, and foreign ones", async () => {
  for (let length = 0; length < FILE.length; length += length < 1200 ? 1 : 97) {
    assertThrows(() => decodeModel(FILE.slice(0, length)), CheckpointError, "Cannot read checkpoint");
  }
  await assertRejects(() => load(FILE.slice(0, -1)), CheckpointError, "bytes of data as its header says");
  const page = new TextEncoder().encode("<!doctype html><title>Not found</title>");
  await assertRejects(() => load(page), CheckpointError, "Cannot read checkpoint");
  await assertRejects(() => load(encodeSafetensors(new Map(), {})), CheckpointError, "expected metadata of elbo");
});

Deno.test("load says which part of a checkpoint is wrong", async () => {
  const cases: [Parameters<typeof changed>[1], string][] = [
    [({ metadata }) => metadata.elbo = "2", "expected version 1, got version 2 of a newer elbo"],
    [({ metadata }) => metadata.elbo = "beta", "expected version 1, got version beta"],
    [({ metadata }) => delete metadata.config, 'expected metadata "config", got none'],
    [({ metadata }) => metadata.config = "{", "its config is not valid"],
    [({ metadata }) => metadata.config = "null", "its config is not valid"],
    [({ metadata }) => metadata.config = "{}", "its config is not valid: Cannot make a model: expected input"],
    [
      ({ tensors }) => tensors.delete("params.encoder.mean.bias"),
      "expected a tensor params.encoder.mean.bias of shape [2]",
    ],
    [
      ({ tensors }) => tensors.set("params.encoder.mean.bias", { dtype: "F32", shape: [1], data: new Uint8Array(4) }),
      "expected params.encoder.mean.bias of shape [2], got [1]",
    ],
    [
      ({ tensors }) => tensors.set("params.encoder.mean.bias", { dtype: "F64", shape: [2], data: new Uint8Array(16) }),
      "expected params.encoder.mean.bias of type F32 or F16, got F64",
    ],
    [
      ({ tensors }) => tensors.set("other", { dtype: "F32", shape: [], data: new Uint8Array(4) }),
      'expected no tensors but the model\'s, got one named "other"',
    ],
    [
      ({ tensors }) => tensors.set("average.encoder.mean.bias", { dtype: "F32", shape: [2], data: new Uint8Array(8) }),
      "expected a tensor average.encoder.hidden.0.kernel",
    ],
  ];
  for (const [change, message] of cases) {
    const { message: got } = await assertRejects(() => load(changed(FILE, change)), CheckpointError);
    assert(got.startsWith("Cannot read checkpoint: ") && got.includes(message), got);
  }
});

Deno.test("load passes over moments, whatever they hold", async () => {
  const file = changed(FILE, ({ tensors, metadata }) => {
    delete metadata.sha256;
    for (const name of [...tensors.keys()]) if (name.startsWith("nu.")) tensors.delete(name);
    tensors.set("mu.encoder.mean.bias", { dtype: "I8", shape: [], data: new Uint8Array(1) });
  });
  assertEquals(drawn(await load(file)), WANTED);
});
