/** A model's file again, in pieces, from the weights in its memory. */
import { decodeModel, encodeModel, readFloats } from "../../src/model_file.ts";
import { save } from "../../mod.ts";
import { load, type Model } from "../../src/edge/mod.ts";
import { encode } from "../../src/edge/infer.ts";
import { fileOf } from "../../src/edge/file.ts";
import { mapNetwork } from "../../src/vae/layout.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { get, refused, served } from "./handler.ts";
import { CONFIGS, drawn, smallFile, trained } from "./models.ts";

/** What `deno task export` writes. */
function exported(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const { config, params, metadata } = decodeModel(file);
  const values = mapNetwork(params, (entry) => {
    const out = new Float32Array(entry.data.length / 4);
    readFloats(entry, out);
    return out;
  });
  return encodeModel(config, values, "params", { metadata });
}

Deno.test("fileOf() gives the bytes that export writes, of every kind of model", async () => {
  for (const [name, config] of Object.entries(CONFIGS)) {
    const file = save(trained(config), { metadata: { note: name } }), model = await load(file);
    const bytes = await new Response(fileOf(model)).bytes();
    assertEquals(bytes, exported(file), name);
    assertEquals((await load(bytes)).config, model.config);
  }
});

Deno.test("fileOf() keeps what is not about the data to itself, and other metadata as they are", async () => {
  const path = "/home/ada/secret", hash = "0".repeat(64);
  const training = JSON.stringify({ data: path, dataHash: hash, height: 2, width: 3, epochs: 4 });
  for (
    const [given, wanted] of [
      [training, '{"height":2,"width":3,"epochs":4}'],
      ['["mine"]', '["mine"]'],
      ['"text"', '"text"'],
      ["null", "null"],
      [`not JSON: ${path}`, undefined],
      [`{"data":"${path}","long":"${"x".repeat(2 ** 17)}"}`, undefined],
    ]
  ) {
    const model = await load(save(trained(CONFIGS.linear), { metadata: { training: given!, note: "kept" } }));
    const bytes = await new Response(fileOf(model)).bytes(), text = new TextDecoder("latin1").decode(bytes);
    assertEquals((await load(bytes)).metadata, { note: "kept", ...wanted !== undefined && { training: wanted } });
    assert(!text.includes(path) && !text.includes(hash));
  }
});

Deno.test("fileOf() gives pieces as they are asked for, whatever happens to the memory meanwhile", async () => {
  const file = smallFile(CONFIGS["the README's"]), model = await load(file), before = model.bytes;
  const pieces: Uint8Array[] = [];
  for await (const piece of fileOf(model)) {
    pieces.push(piece);
    if (pieces.length === 2) encode(model, new Float32Array(784 * 300));
  }
  assert(model.bytes > before && pieces.length > 30);
  assert(pieces.every(({ length }) => length <= 1 << 16));
  assertEquals(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).bytes(), exported(file));
});

Deno.test("fileOf() can be left off, and refuses what is no model", async () => {
  const model = await load(smallFile()), reader = fileOf(model).getReader();
  await reader.read();
  await reader.cancel();
  assertThrows(() => fileOf({} as Model), TypeError, "expected a model made by load");
});

Deno.test("GET /model.safetensors gives the model where there is an explorer, and only there", async () => {
  const { handler, model } = await served(undefined, { explorer: "<!doctype html>" });
  const response = await get(handler, "/model.safetensors", { accept: "*/*" });
  assertEquals([response.status, response.headers.get("content-type")], [200, "application/octet-stream"]);
  assertEquals(drawn(await load(response)), drawn(model));
  const head = await handler(new Request("http://localhost/model.safetensors", { method: "HEAD" }));
  assertEquals([head.status, await head.text()], [200, ""]);
  const { message } = await refused(await get((await served()).handler, "/model.safetensors"), 404);
  assertEquals(message, "There is no explorer here: createHandler was given none");
});
