/** The edge as bundlers make it: small, without training, and whole: it runs on nothing but the kernels handed in. */
import { bundle, gzipped } from "../../wasm/bundle.ts";
import { assert, assertEquals } from "../assert.ts";
import { load } from "../../src/edge/mod.ts";
import { drawn, smallFile, wasm } from "./models.ts";

const KB = 1024;

Deno.test("bundled it has 25 KB with the kernels, compressed; no training, and no code of others", async () => {
  const { code, inputs, warnings } = await bundle('export * from "./src/edge/mod.ts";');
  const kernels = await wasm("edge_relaxed");
  assertEquals(warnings, []);
  const js = await gzipped(code), binary = await gzipped(kernels);
  assert(js + binary < 25 * KB, `${js} + ${binary} bytes`);
  const strange = inputs.filter((path) => !/src\/(checks|edge|vae|layers|kernels)\//.test(path)).map((path) =>
    path.replace(/.*\//, "")
  );
  assertEquals(
    strange.toSorted(),
    [
      ...["checkpoint_error.ts", "float16.ts", "foreign_format.ts", "json_members.ts", "metadata.ts", "model_file.ts"],
      ...["random.ts", "safetensors.ts", "safetensors_header.ts"],
    ],
  );
  const text = new TextDecoder().decode(code), called = new Set(text.match(/[fu]32_\w+/g));
  // All kernels that it names are in the build, but for one that only training calls.
  const there = WebAssembly.Module.exports(new WebAssembly.Module(kernels)).map(({ name }) => name);
  assertEquals([...called].filter((name) => !there.includes(name)), ["f32_batch_norm"]);
  assertEquals(there.filter((name) => /^[fu]32_/.test(name) && !called.has(name)), []);

  const file = smallFile(), url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const module: typeof import("../../src/edge/mod.ts") = await import(url);
  URL.revokeObjectURL(url);
  assertEquals(drawn(await module.load(file, { wasm: kernels }), module), drawn(await load(file)));
});
