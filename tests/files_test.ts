/** What is given as a model and is none, or is one that would cost memory without end or compute nothing but NaN. */
import { CheckpointError, init, key, load, save, tf } from "../mod.ts";
import * as edge from "../src/edge/mod.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "../src/safetensors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";

const FILE = save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) }));

/** The file with other contents, and without the hash that would refuse them first. */
function changed(change: (parts: Safetensors) => void): Uint8Array<ArrayBuffer> {
  const parts = decodeSafetensors(FILE.slice());
  delete parts.metadata.sha256;
  change(parts);
  return encodeSafetensors(parts.tensors, parts.metadata);
}

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

/** How much memory opening a file takes at the most, beside what the process has before, as the system counts it. */
async function peak(module: string, file: Uint8Array): Promise<{ bytes: number; told: string }> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, file);
  const program = `
    import { load } from ${JSON.stringify(new URL(module, import.meta.url))};
    const peak = () => 1024 * Number(Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\\s+(\\d+)/)[1]);
    const bytes = await Deno.readFile(${JSON.stringify(path)});
    try { await load(new Uint8Array(bytes.subarray(0, 9))); } catch { /* It only warms up. */ }
    await Deno.writeTextFile("/proc/self/clear_refs", "5"); // forgets the peak so far
    const before = peak();
    let told = "loaded";
    try { await load(bytes); } catch (error) { told = error.message; }
    console.log(JSON.stringify({ bytes: peak() - before, told }));`;
  try {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program], stderr: "inherit" }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test({
  name: "opening a file costs at most four times its size and 16 MB, whatever it claims",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const config = (change: object) =>
      JSON.stringify({ ...JSON.parse(decodeSafetensors(FILE).metadata.config), ...change });
    const many = (n: number) => ({ hidden: Array(n).fill(1), activation: "relu", channels: [], batchNorm: true });
    const tiny = { dtype: "U8", shape: [], data: new Uint8Array(1) } as const;
    const header = (bytes: number) => {
      const file = new Uint8Array(8 + bytes).fill(0x20);
      new DataView(file.buffer).setBigUint64(0, BigInt(bytes), true);
      file.set(new TextEncoder().encode(`{"__metadata__":{"a":"${"[".repeat(bytes - 40)}"}}`), 8);
      return file;
    };
    const files: [string, Uint8Array, string][] = [
      [
        "thousands of layers",
        changed(({ metadata }) => metadata.config = config({ encoder: many(50_000) })),
        "layers",
      ],
      [
        "wide layers",
        changed(({ metadata }) => metadata.config = config({ input: 2 ** 30, latent: 2 ** 20 })),
        "shape",
      ],
      [
        "thousands of tensors",
        changed(({ tensors }) => Array.from({ length: 4_000 }, (_, i) => tensors.set(`t${i}`, tiny))),
        "no tensors but",
      ],
      ["a header of 20 MB", header(20_000_000), "a header of at most 262144 bytes"],
      ["a model of 20 MB", save(init({ input: 784, hidden: [1000], latent: 20 }, { key: key(0) })), "loaded"],
    ];
    for (const module of ["../mod.ts", "../src/edge/mod.ts"]) {
      for (const [what, file, wanted] of files) {
        const { bytes, told } = await peak(module, file), most = 4 * file.length + 16 * 2 ** 20;
        assert(told.includes(wanted), `${what}: ${told}`);
        assert(bytes <= most, `${what}, ${module}: ${bytes} bytes for a file of ${file.length}, at most ${most}`);
      }
    }
  },
});
