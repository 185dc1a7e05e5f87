/**
 * Builds the kernels: `deno task build:wasm` writes the binaries and the bindings, `deno task build:wasm --check` builds
 * into memory and fails if what is committed differs by a byte.
 *
 * @module
 */
import asc from "npm:assemblyscript@0.28.20/asc";
import { bindings, dispatcher, parseKernels } from "./bindings.ts";
import { inspect } from "./inspect.ts";

const here = new URL("./", import.meta.url);
const KERNELS = new URL("kernels/", here);

/** Everything the kernels are made of but their entries, in the order of dispatch. */
const SOURCES = [
  "activation",
  "adam",
  "average",
  "batch_norm",
  "bernoulli",
  "columns",
  "continuous_bernoulli",
  "embedding",
  "gather",
  "gaussian",
  "gaussian_nll",
  "gemm",
  "importance",
  "kl",
  "laplace",
  "logistic",
  "pairs",
  "patches",
  "sum_squares",
  "threefry",
  "total_correlation",
];

/** -O1, since higher levels merge unrolled steps of the micro-kernels into dependent chains. */
const FLAGS = ["-O1", "--noAssert", "--runtime", "stub", "--enable", "simd", "--importMemory", "--initialMemory", "1"];
const THREADS = ["--enable", "threads", "--sharedMemory", "--maximumMemory", "65536"];
const RELAXED = ["--enable", "relaxed-simd"];

/** Four builds: with and without threads, for engines with and without relaxed SIMD. */
export const VARIANTS: Readonly<Record<string, { entry: string; flags: string[] }>> = {
  threads_relaxed: { entry: "threads", flags: [...THREADS, ...RELAXED] },
  threads_baseline: { entry: "threads", flags: THREADS },
  single_relaxed: { entry: "single", flags: RELAXED },
  single_baseline: { entry: "single", flags: [] },
};

/** What benches measure shares of; no part of the library. */
const PEAK = { entry: "peak", flags: RELAXED };

async function compile(
  { entry, flags }: { entry: string; flags: string[] },
  dispatch: string,
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([`${entry}.ts`, "-o", "out.wasm", ...FLAGS, ...flags], {
    readFile(file: string) {
      if (file.endsWith("dispatch.ts")) return dispatch;
      try {
        return Deno.readTextFileSync(new URL(file.replaceAll("\\", "/"), KERNELS));
      } catch {
        return null;
      }
    },
    writeFile(file: string, contents: Uint8Array | string) {
      if (file.endsWith(".wasm")) binary = new Uint8Array(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`Cannot build ${entry}.ts: ${error?.message}\n${stderr}`);
  return binary;
}

/** All generated files: path below wasm/ to bytes. */
async function build(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const text = new TextEncoder();
  const kernels = SOURCES.flatMap((file) => parseKernels(file, Deno.readTextFileSync(new URL(`${file}.ts`, KERNELS))));
  const dispatch = dispatcher(kernels);
  const files = new Map([
    ["kernels/dispatch.ts", text.encode(dispatch)],
    ["../src/kernels/bindings.ts", text.encode(bindings(kernels))],
  ]);
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const binary = await compile(variant, dispatch);
    inspect(name, binary);
    files.set(`bin/${name}.wasm`, binary);
  }
  files.set("../bench/bin/peak.wasm", await compile(PEAK, dispatch));
  return files;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

if (import.meta.main) {
  const files = await build();
  const stale: string[] = [];
  for (const [path, bytes] of files) {
    const url = new URL(path, here);
    if (!Deno.args.includes("--check")) {
      Deno.mkdirSync(new URL("./", url), { recursive: true });
      Deno.writeFileSync(url, bytes);
      console.log(`${path} ${bytes.length} bytes`);
    } else {
      const committed = await Deno.readFile(url).catch(() => new Uint8Array());
      if (!same(committed, bytes)) stale.push(path);
    }
  }
  if (stale.length) {
    console.error(`Not what the sources give: ${stale.join(", ")}. Run: deno task build:wasm`);
    Deno.exit(1);
  }
}
