import { assert, assertEquals } from "./assert.ts";

/** The layers, top to bottom: a file may import from its own and from those below. See README, "Working on it". */
const LAYERS = [
  "mod.ts",
  "src/cli/",
  "src/report/",
  "src/train.ts",
  "src/course.ts",
  "src/unreached.ts",
  "src/evaluate.ts",
  "src/latent.ts",
  "src/batches.ts",
  "src/pause.ts",
  "src/api/",
  "src/backend/",
  "src/data/",
  "src/explorer/",
  "src/edge/",
  "src/pictures/",
  "src/checkpoint.ts",
  "src/model_file.ts",
  "src/metadata.ts",
  "src/float16.ts",
  "src/safetensors.ts",
  "src/safetensors_header.ts",
  "src/json_members.ts",
  "src/foreign_format.ts",
  "src/checkpoint_error.ts",
  "src/vae/",
  "src/layers/",
  "src/optimizer.ts",
  "src/schedule.ts",
  "src/random.ts",
  "src/kernels/",
  "src/checks/",
  "src/version.ts",
  "wasm/bin/",
];
/** From here down nothing knows tfjs, nor Deno. */
const PURE = LAYERS.indexOf("src/explorer/");
/** The only files that import binaries, in a syntax of which Deno alone knows enough. */
const BINARIES = ["src/backend/binaries.js", "src/edge/binaries.js"];

const ROOT = new URL("../", import.meta.url);

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    if (entry.isDirectory) yield* sources(`${folder}${entry.name}/`);
    else if (/(?<!\.d)\.(ts|js)$/.test(entry.name)) yield folder + entry.name;
  }
}

/** What a file imports; comments, and with them the examples in documentation, do not count. */
function imports(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, ROOT)).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = text.matchAll(/(?:\bfrom|\bimport|import(?:\.source)?\()\s*"([^"]+)"/g);
  return [...found].map(([, name]) => name);
}

function layer(path: string): number {
  return LAYERS.findIndex((prefix) => path.startsWith(prefix));
}

const FILES = ["mod.ts", ...sources("src/")];

Deno.test("every source file belongs to a layer", () => {
  assert(FILES.length > 30);
  assertEquals(FILES.filter((path) => layer(path) < 0), []);
});

Deno.test("imports point downward only", () => {
  const upward: string[] = [];
  let relative = 0;
  for (const path of FILES) {
    for (const name of imports(path)) {
      if (!name.startsWith(".")) continue;
      relative++;
      const target = new URL(name, new URL(path, ROOT)).href.slice(ROOT.href.length);
      if (layer(target) < layer(path)) upward.push(`${path} -> ${target}`);
    }
  }
  assert(relative > 100);
  assertEquals(upward, []);
});

Deno.test("the model, and all below it, knows neither tfjs nor Deno", () => {
  const strange: string[] = [];
  for (const path of FILES.filter((path) => layer(path) >= PURE)) {
    const text = Deno.readTextFileSync(new URL(path, ROOT)).replace(/\/\*[\s\S]*?\*\//g, "");
    if (imports(path).some((name) => name.includes("tensorflow")) || /\bDeno\./.test(text)) strange.push(path);
  }
  assertEquals(strange, []);
});

Deno.test("binaries are imported in one file of each face", () => {
  const importers = FILES.filter((path) => imports(path).some((name) => name.endsWith(".wasm")));
  assertEquals(importers.toSorted(), BINARIES);
});

Deno.test("what the edge loads needs neither a package nor a module of the runtime's, and no binary at once", () => {
  const reached = new Set(["src/edge/mod.ts"]), strange: string[] = [];
  for (const path of reached) {
    // A literal import() is for Deno alone, and not loaded before it is called.
    for (const name of imports(path).filter((name) => name !== "./binaries.js")) {
      if (/^(npm|node|jsr|https?):/.test(name)) strange.push(`${path} -> ${name}`);
      if (name.startsWith(".")) reached.add(new URL(name, new URL(path, ROOT)).href.slice(ROOT.href.length));
    }
    const text = Deno.readTextFileSync(new URL(path, ROOT));
    assert(!/from "[^"]*binaries/.test(text), `${path} imports the binaries at once`);
  }
  assert(reached.size > 40 && !reached.has("src/kernels/pool.ts"));
  assertEquals(strange, []);
});

Deno.test("an npm package is named in one file only, with its exact version", () => {
  const where = new Map<string, Set<string>>();
  for (const path of FILES) {
    for (const name of imports(path).filter((name) => name.startsWith("npm:"))) {
      assert(/@\d+\.\d+\.\d+(\/|$)/.test(name), `${path} imports ${name} without an exact version`);
      where.set(name, (where.get(name) ?? new Set()).add(path));
    }
  }
  assert(where.size >= 5);
  assertEquals([...where].filter(([, paths]) => paths.size > 1).map(([name, paths]) => [name, ...paths]), []);
});
