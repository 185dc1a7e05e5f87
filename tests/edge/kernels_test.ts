/** Where the kernels come from, and which are refused. */
import { load } from "../../src/edge/mod.ts";
import { SIGNATURES } from "../../src/kernels/bindings.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { drawn, smallFile, wasm } from "./models.ts";

const FILE = smallFile();
const WANTED = drawn(await load(FILE));

Deno.test("kernels are taken as a module, bytes, a response or a URL", async () => {
  const bytes = await wasm("edge_relaxed"), headers = { "content-type": "application/wasm" };
  const url = new URL("../../wasm/bin/edge_relaxed.wasm", import.meta.url);
  const given = [
    new WebAssembly.Module(bytes),
    bytes,
    bytes.buffer,
    new Response(bytes, { headers }),
    Promise.resolve(new Response(bytes)),
    url,
    url.href,
  ];
  for (const wasm of given) assertEquals(drawn(await load(FILE, { wasm })), WANTED);
});

Deno.test("kernels of another build or version are refused", async () => {
  const refused = async (bytes: Uint8Array<ArrayBuffer>, message: string) => {
    const { message: got } = await assertRejects(() => load(FILE, { wasm: bytes }), Error);
    assert(got.startsWith("Cannot ") && got.includes(message), got);
  };
  const wanted =
    "Cannot use the kernels: expected edge_relaxed.wasm or edge_baseline.wasm of this version of elbo, got ";
  await refused(await wasm("single_relaxed"), `${wanted}one that exports dispatch, GEMM_SCRATCH, memory`);
  await refused(await wasm("threads_relaxed"), `${wanted}one that does not fit (`);
  await refused(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0), `${wanted}one that exports nothing`);
  await refused(Uint8Array.of(1, 2, 3), "Cannot load kernels: ");
  await refused(new Uint8Array(), "Cannot load kernels: ");
  const other = await wasm("edge_relaxed");
  const leb = [...Array(5).keys()].map((i) => SIGNATURES >>> 7 * i & 127 | (i < 4 ? 128 : 0));
  const at = other.findIndex((_, i) => leb.every((byte, j) => other[i + j] === byte));
  assert(at > 0);
  other[at] ^= 1;
  await refused(other, wanted);
  for (const bad of [null, 1, {}, [1]]) {
    await assertRejects(() => load(FILE, { wasm: bad as unknown as URL }), TypeError, "Cannot load kernels: expected");
  }
  await assertRejects(() => load(FILE, { wasm: new Response("", { status: 404 }) }), Error, "got 404");
});

Deno.test("in Deno the kernels are found without any permission", async () => {
  const program = `
import { generate, key, load } from ${JSON.stringify(new URL("../../src/edge/mod.ts", import.meta.url))};
const model = await load(Uint8Array.fromBase64("${FILE.toBase64()}"));
console.log([...generate(model, { n: 3, key: key(1) }).data].join(" "));
`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, program);
    const args = ["run", "--no-prompt", "--no-check", path];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output(), text = new TextDecoder();
    assertEquals(text.decode(stdout), [...WANTED].join(" ") + "\n", text.decode(stderr));
  } finally {
    await Deno.remove(path);
  }
});
