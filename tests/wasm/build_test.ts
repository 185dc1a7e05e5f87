import { bindings, dispatcher, edgeEntry, type Kernel, parseKernels } from "../../wasm/bindings.ts";
import { inspect } from "../../wasm/inspect.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";

const IMPORT = 2, DATA_COUNT = 12, DATA = 11, CUSTOM = 0, MEMORY = 5;

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

/** A section: its number, its length, its bytes. */
function section(id: number, ...content: number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** An unsigned integer, seven bits a byte. */
function leb(n: number): number[] {
  return n < 128 ? [n] : [n & 127 | 128, ...leb(n >>> 7)];
}

function wasm(...sections: number[][]): Uint8Array {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

/** What an import is: a memory of one page or more, a mutable i32. */
const PAGE = [2, 0, 1], GLOBAL = [3, 0x7f, 0];

function imports(...list: [module: string, field: string, kind: number[]][]): number[] {
  return section(IMPORT, list.length, ...list.flatMap(([m, f, kind]) => [...name(m), ...name(f), ...kind]));
}

const HEAP = imports(["env", "memory", PAGE]);

/** "hi" at address 0: active; or passive, to be copied by memory.init. */
const ACTIVE = section(DATA, 1, 0, 0x41, 0, 0x0b, 2, 0x68, 0x69), PASSIVE = section(DATA, 1, 1, 2, 0x68, 0x69);

Deno.test("inspect accepts a module that imports env.memory and has no data", () => {
  inspect("a", wasm(HEAP));
  inspect("a", wasm(HEAP, section(DATA_COUNT, 0), section(DATA, 0))); // sections without segments
  inspect("a", wasm(HEAP, section(CUSTOM, ...name("note"), ...Array(300).fill(DATA)))); // its length takes two bytes
});

Deno.test("inspect accepts the committed binaries", async () => {
  const folder = new URL("../../wasm/bin/", import.meta.url), names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    names.push(name);
    inspect(name, await Deno.readFile(new URL(name, folder)));
  }
  assertEquals(
    names.toSorted(),
    ["edge", "single", "threads"].flatMap((t) => [`${t}_baseline.wasm`, `${t}_relaxed.wasm`]),
  );
});

Deno.test("inspect refuses a data segment, active or passive", () => {
  const sections = [[ACTIVE], [section(DATA_COUNT, 1), PASSIVE], [section(CUSTOM, ...name("n")), ACTIVE]];
  for (const data of sections) {
    const binary = wasm(HEAP, ...data);
    assert(WebAssembly.validate(binary as BufferSource));
    assertThrows(
      () => inspect("threads_relaxed", binary),
      Error,
      "Cannot accept threads_relaxed: it has a data segment, which would overwrite tfjs's heap",
    );
  }
});

Deno.test("inspect refuses imports other than the memory, and names all of them", () => {
  const refused: [Uint8Array, string][] = [
    [wasm(imports(["env", "memory", PAGE], ["env", "abort", GLOBAL])), "env.memory, env.abort"],
    [wasm(imports(["env", "memory", GLOBAL])), "env.memory"], // not a memory
    [wasm(imports(["js", "memory", PAGE])), "js.memory"],
    [wasm(imports(["env", "heap", PAGE])), "env.heap"],
    [wasm(), "none"],
    [wasm(section(MEMORY, 1, 0, 1)), "none"], // one of its own
  ];
  for (const [binary, got] of refused) {
    assertThrows(
      () => inspect("a", binary),
      Error,
      `Cannot accept a: expected its only import to be env.memory, got ${got}`,
    );
  }
});

Deno.test("parseKernels finds exported kernels, and nothing else", () => {
  const source = `
import { begin } from "./lanes";
function f32_hidden(part: i32, parts: i32): void {}
export function f32_value(part: i32, parts: i32): f32 { return 1; }
export function helper(x: f32): void {}
export const f32_constant: i32 = 1;
export function f32_one(part: i32, parts: i32, x: usize, scale: f32, n: i32): void {}
export function u32_two(
  part: i32,
  parts: i32,
  out: usize,
): void {}
`;
  assertEquals(parseKernels("some", source), [
    {
      name: "f32_one",
      file: "some",
      params: [{ name: "x", type: "usize" }, { name: "scale", type: "f32" }, { name: "n", type: "i32" }],
    },
    { name: "u32_two", file: "some", params: [{ name: "out", type: "usize" }] },
  ]);
});

Deno.test("parseKernels refuses types that have no place in a 32-bit word", () => {
  for (const type of ["f64", "i64", "v128", "bool"]) {
    assertThrows(
      () => parseKernels("a", `export function f32_a(part: i32, parts: i32, x: ${type}): void {`),
      Error,
      `Cannot bind f32_a: parameter x has type ${type}`,
    );
  }
  assertThrows(
    () => parseKernels("a", "export function f32_a(part: i32, parts: i32, x): void {"),
    Error,
    "Cannot bind f32_a: parameter x has type undefined",
  );
});

Deno.test("parseKernels refuses a kernel that does not begin with part and parts", () => {
  for (const params of ["", "part: i32", "parts: i32, part: i32", "n: i32, part: i32, parts: i32"]) {
    assertThrows(
      () => parseKernels("a", `export function f32_a(${params}): void {`),
      Error,
      "Cannot bind f32_a: expected its first parameters to be part and parts",
    );
  }
});

const KERNELS: Kernel[] = [
  { name: "f32_a", file: "one", params: [{ name: "x", type: "usize" }, { name: "scale", type: "f32" }] },
  { name: "f32_b", file: "two", params: [] },
  { name: "f32_c", file: "one", params: [{ name: "low", type: "f32" }, { name: "n", type: "i32" }] },
];

Deno.test("dispatcher calls each kernel by its number, with arguments of one word each", () => {
  const text = dispatcher(KERNELS);
  assertStringIncludes(text, 'import { f32_a, f32_c } from "./one";\nimport { f32_b } from "./two";\n');
  assertStringIncludes(text, "case 0: return f32_a(part, parts, load<usize>(args, 0), load<f32>(args, 4));");
  assertStringIncludes(text, "case 1: return f32_b(part, parts");
  assertStringIncludes(text, "case 2: return f32_c(part, parts, load<f32>(args, 0), load<i32>(args, 4));");
});

Deno.test("bindings number the kernels in order and mark the arguments that are floats", async () => {
  const text = bindings(KERNELS, KERNELS.slice(1));
  const url = URL.createObjectURL(new Blob([text], { type: "application/typescript" }));
  const { KERNELS: bound, f32_c } = await import(url);
  assertEquals(bound, [
    { name: "f32_a", index: 0, floats: 0b10 },
    { name: "f32_b", index: 1, floats: 0 },
    { name: "f32_c", index: 2, floats: 0b01 },
  ]);
  assertEquals(f32_c, bound[2]);
  URL.revokeObjectURL(url);
});

Deno.test("edgeEntry exports kernels by name, and a number by which bindings know them", () => {
  const inference = KERNELS.slice(1), text = edgeEntry(inference);
  assertStringIncludes(text, 'export { f32_b } from "./two";\nexport { f32_c } from "./one";\n');
  assert(!text.includes("f32_a"));
  const constant = (source: string) => source.match(/^export const SIGNATURES(?:: i32)? = (0x[0-9a-f]+);$/m)![1];
  assert(Number(constant(text)) < 2 ** 31);
  assertEquals(constant(text), constant(bindings(KERNELS, inference)));
  const renamed = inference.map((kernel) => ({ ...kernel, params: kernel.params.slice(1) }));
  assert(constant(edgeEntry(renamed)) !== constant(text));
});

Deno.test("sources with decorators are out of reach of deno fmt, which would drop them", () => {
  const folder = new URL("../../wasm/kernels/", import.meta.url);
  const sources = [...Deno.readDirSync(folder)].map(({ name }) => Deno.readTextFileSync(new URL(name, folder)));
  const decorated = sources.filter((text) => text.includes("\n@inline\n"));
  assert(decorated.length > 0);
  for (const text of decorated) assertStringIncludes(text.split("\n\n")[0], "// deno-fmt-ignore-file");
});
