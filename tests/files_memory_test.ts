/** What opening a file costs at the most, whatever it claims, in both modules. */
import { init, key, save } from "../mod.ts";
import { decodeSafetensors, type Safetensors } from "../src/safetensors.ts";
import { assert } from "./assert.ts";
import { changed, FILE } from "./files_fixture.ts";
import { safetensorsFile } from "./safetensors_file.ts";

/** How much memory opening a file takes at the most, beside what the process has before, as the system counts it. */
async function peak(module: string, file: Uint8Array, given = "bytes"): Promise<{ bytes: number; told: string }> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, file);
  const program = `
    import { load } from ${JSON.stringify(new URL(module, import.meta.url))};
    const peak = () => 1024 * Number(Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\\s+(\\d+)/)[1]);
    const bytes = await Deno.readFile(${JSON.stringify(path)});
    await load(Uint8Array.fromBase64("${FILE.toBase64()}")); // starts what is started once
    await Deno.writeTextFile("/proc/self/clear_refs", "5"); // forgets the peak so far
    const before = peak();
    let told = "loaded", at;
    try { await load(${given}); } catch (error) { told = error.message; }
    console.log(JSON.stringify({ bytes: peak() - before, told }));`;
  try {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program], stderr: "inherit" }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(path);
  }
}

/** So many numbered members of an object in JSON, the value of each after a colon. */
function numbered(n: number, value: string): string {
  return `{${Array.from({ length: n }, (_, i) => `"${i.toString(36)}":${value}`).join()}}`;
}

/** Files that are small for what they claim, and what is said of them. */
function hostile(): [what: string, file: Uint8Array<ArrayBuffer>, told: string][] {
  const { config } = decodeSafetensors(FILE).metadata;
  const claiming = (change: object) =>
    changed(({ metadata }) => metadata.config = JSON.stringify({ ...JSON.parse(config), ...change }));
  const layers = (n: number) => ({ hidden: Array(n).fill(1), activation: "relu", channels: [], batchNorm: true });
  const withConfig = (text: string) => changed(({ metadata }) => metadata.config = text);
  const tiny = { dtype: "U8", shape: [], data: new Uint8Array(1) } as const;
  const tensors = (n: number) => (parts: Safetensors) => {
    for (let i = 0; i < n; i++) parts.tensors.set(`t${i}`, tiny);
  };
  const notJson = "its config is not valid", n = 130_000;
  return [
    ["thousands of layers", claiming({ encoder: layers(30_000) }), "its layers have"],
    ["wide layers", claiming({ input: 2 ** 30, latent: 2 ** 20 }), "shape"],
    ["thousands of tensors", changed(tensors(8_000)), "no tensors but"],
    [
      "layers that tensors account for",
      changed((parts) => {
        tensors(8_000)(parts);
        parts.metadata.config = JSON.stringify({ ...JSON.parse(config), encoder: layers(650), decoder: layers(650) });
      }),
      "expected params.encoder.hidden.0.kernel of shape",
    ],
    [
      "tensors without end",
      safetensorsFile(numbered(32_000, '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}')),
      "at most 8192 tensors",
    ],
    ["metadata without end", safetensorsFile(`{"__metadata__":${numbered(150_000, '""')}}`), "at most 4096 entries"],
    [
      "nested brackets",
      safetensorsFile(`{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`),
      "at most 4096 characters",
    ],
    ["brackets side by side", safetensorsFile(`{"a":[${"[],".repeat(80_000)}[]]}`), "at most 4096 characters"],
    ["a small header of brackets", safetensorsFile(`{"__metadata__":${"[".repeat(260_000)}}`), "a header in JSON"],
    ["a config of nested brackets", withConfig("[".repeat(n / 2) + "]".repeat(n / 2)), notJson],
    ["a config of brackets side by side", withConfig(`[${"[],".repeat(n / 3 - 10)}[]]`), notJson],
    ["a config of objects", withConfig(numbered(n / 9, "{}")), notJson],
    ["a config without end", withConfig("[".repeat(2_000_000)), "expected at most 131072 characters, got 2000000"],
    [
      "a text of wide characters",
      changed(({ metadata }) => metadata.note = `\u{1F600}${"x".repeat(2_000_000)}`),
      "loaded",
    ],
    [
      "a header of 20 MB",
      safetensorsFile(`{"__metadata__":{"a":"${"[".repeat(20_000_000)}"}}`),
      "a header of at most 2097152 bytes",
    ],
    ["a model of 20 MB", save(init({ input: 784, hidden: [1000], latent: 20 }, { key: key(0) })), "loaded"],
  ];
}

Deno.test({
  name: "opening a file costs at most four times its size and 16 MB, whatever it claims",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const [what, file, wanted] of hostile()) {
      for (const module of ["../mod.ts", "../src/edge/mod.ts"]) {
        const { bytes, told } = await peak(module, file), most = 4 * file.length + 16 * 2 ** 20;
        assert(told.includes(wanted), `${what}: ${told}`);
        assert(bytes <= most, `${what}, ${module}: ${bytes} bytes for a file of ${file.length}, at most ${most}`);
      }
    }
    // In chunks of a byte, each of which is an array.
    const drops =
      `new ReadableStream({ pull(c) { at < bytes.length ? c.enqueue(bytes.slice(at, ++at)) : c.close(); } })`;
    const file = new Uint8Array(1_000_000),
      { bytes, told } = await peak("../src/edge/mod.ts", file, `(at = 0, ${drops})`);
    assert(told.includes("expected a header that begins with"), told);
    assert(bytes <= 4 * file.length + 16 * 2 ** 20, `${bytes} bytes for a file of ${file.length} in single bytes`);
  },
});
