/** What is started to measure a cold start: programs that decode, each beside one that only reads the model, and nothing. */
import { join } from "node:path";
import { bundle } from "../wasm/bundle.ts";
import { kernels, LATENT, modelFile } from "./edge_model.ts";

const DECODE = `decode(model, new Float32Array(${LATENT}))`;
const READ = 'Deno.readFile(new URL("model.safetensors", import.meta.url))';
/** From a bundle, which finds the kernels as src/edge/mod.ts does. */
const LOAD = `
const file = ${READ};
const { decode, load } = await import("./edge.js");
const model = await load(file);`;
/** A worker that answers with something. */
const answer = (value: string | number) => `export default { fetch: () => new Response(${value}) };`;

/** In Deno, where they print a line. */
const RUN = {
  empty: "console.log(1);",
  file: `console.log((await ${READ}).length);`,
  decode: `${LOAD}\nconsole.log(${DECODE}.data.length);`,
  /** What takes how long, one after the other. */
  phases: `
const phases = {};
let since = performance.now();
const done = (phase) => {
  const now = performance.now();
  phases[phase] = now - since;
  since = now;
};
const file = await ${READ};
done("read the model's file");
const { decode, load } = await import("./edge.js");
done("import");
const model = await load(file);
done("load");
${DECODE};
done("first decode");
${DECODE};
done("second decode");
console.log(JSON.stringify(phases));`,
};

/** In `deno serve`, where they answer a request. */
const SERVE = {
  empty: answer(1),
  file: `const file = await ${READ};\n${answer("file.length")}`,
  decode: `${LOAD}\n${answer(`${DECODE}.data.length`)}`,
};

const WORKERD = `
import { decode, encode, load } from "./src/edge/mod.ts";
import wasm from "./edge_relaxed.wasm";
import file from "./model.safetensors";
const model = await load(file, { wasm });`;

/** In workerd, which reads a worker's files whether it imports them or not. */
const WORKERS = {
  empty: answer(1),
  file: answer(1),
  decode: `${WORKERD}\n${answer(`${DECODE}.data.length`)}`,
  /** As many calls as it is asked for, for no clock goes on in workerd while it computes. */
  calls: `${WORKERD}
const x = new Float32Array(model.config.input).fill(0.5), z = new Float32Array(model.config.latent).fill(0.5);
const calls = { encode: () => encode(model, x), decode: () => decode(model, z) };
const fetch = (request) => {
  const [, name, n] = new URL(request.url).pathname.split("/");
  for (let i = 0; i < n; i++) calls[name]();
  return new Response(n);
};
export default { fetch };`,
};

/**
 * Writes all programs to a new folder, which is to be removed.
 *
 * @returns The folder: `src/run/` and `src/serve/` have empty.js, file.js and decode.js, `src/run/` also phases.js;
 * `empty/`, `file/`, `decode/` and `calls/` are workers for workerd, of worker.js; the last answers `/decode/100` after
 * a hundred calls.
 */
export async function writePrograms(): Promise<string> {
  const folder = await Deno.makeTempDir(), wasm = await kernels(), model = modelFile(), text = new TextEncoder();
  const root = new URL("../", import.meta.url), read = (path: string) => Deno.readFile(new URL(path, root));
  const edge = (await bundle('export * from "./src/edge/mod.ts";')).code, binaries = await read("src/edge/binaries.js");
  const files: Record<string, Uint8Array> = {
    "wasm/bin/edge_relaxed.wasm": wasm,
    "wasm/bin/edge_baseline.wasm": await read("wasm/bin/edge_baseline.wasm"),
  };
  for (const [worker, program] of Object.entries(WORKERS)) {
    files[`${worker}/worker.js`] = (await bundle(program)).code;
    if (worker === "empty") continue;
    files[`${worker}/edge_relaxed.wasm`] = wasm;
    files[`${worker}/model.safetensors`] = model;
  }
  // As deep as src/edge, for the kernels are found from there.
  for (const [name, programs] of Object.entries({ run: RUN, serve: SERVE })) {
    const own = { "edge.js": edge, "binaries.js": binaries, "model.safetensors": model };
    for (const [file, bytes] of Object.entries(own)) files[`src/${name}/${file}`] = bytes;
    for (const [program, code] of Object.entries(programs)) files[`src/${name}/${program}.js`] = text.encode(code);
  }
  for (const [path, bytes] of Object.entries(files)) {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeFile(join(folder, path), bytes);
  }
  return folder;
}
