/**
 * Builds the kernels: `deno task build:wasm` writes the binaries and the bindings, `deno task build:wasm --check` builds
 * into memory and fails if what is committed differs by a byte.
 *
 * @module
 */
import asc from "npm:assemblyscript@0.28.20/asc";
import { bindings, dispatcher, edgeEntry, type Kernel, parseKernels } from "./bindings.ts";
import { inspect } from "./inspect.ts";

const here = new URL("./", import.meta.url);
const KERNELS = new URL("kernels/", here);

/** Everything the kernels are made of but their entries, in the order of dispatch. */
const SOURCES = [
  "activation",
  "adam",
  "add",
  "average",
  "batch_norm",
  "bernoulli",
  "columns",
  "continuous_bernoulli",
  "dropout",
  "embedding",
  "gate",
  "gather",
  "gaussian",
  "gaussian_nll",
  "gemm",
  "group_norm",
  "importance",
  "kl",
  "laplace",
  "logistic",
  "pairs",
  "patches",
  "sum_squares",
  "threefry",
  "total_correlation",
  "upsample",
];

/** What inference needs: the kernels of the builds for the edge, which are downloaded and compiled where it runs. */
const INFERENCE = [
  "f32_activation",
  "f32_batch_norm_apply",
  "f32_bernoulli_nll",
  "f32_copy_columns",
  "f32_continuous_bernoulli_nll",
  "f32_continuous_bernoulli_mean",
  "f32_continuous_bernoulli_sample",
  "f32_embed",
  "f32_one_hot",
  "f32_find_outside",
  "f32_clamp",
  "f32_reparameterize",
  "f32_gaussian_nll",
  "f32_gaussian_sample",
  "f32_gaussian_pixel_nll",
  "f32_gaussian_pixel_sample",
  "f32_gemm",
  "f32_laplace_nll",
  "f32_laplace_sample",
  "f32_logistic_nll",
  "f32_logistic_mean",
  "f32_logistic_sample",
  "f32_firsts",
  "f32_im2col",
  "f32_col2im",
  "f32_uniform",
  "f32_normal",
  "f32_bernoulli",
];

/** -O1, since higher levels merge unrolled steps of the micro-kernels into dependent chains. */
const FLAGS = ["-O1", "--noAssert", "--runtime", "stub", "--enable", "simd", "--importMemory", "--initialMemory", "1"];
const THREADS = ["--enable", "threads", "--sharedMemory", "--maximumMemory", "65536"];
const RELAXED = ["--enable", "relaxed-simd"];

/** Six builds: with threads, for one thread, and of one thread's inference; each with and without relaxed SIMD. */
export const VARIANTS: Readonly<Record<string, { entry: string; flags: string[] }>> = {
  threads_relaxed: { entry: "threads", flags: [...THREADS, ...RELAXED] },
  threads_baseline: { entry: "threads", flags: THREADS },
  single_relaxed: { entry: "single", flags: RELAXED },
  single_baseline: { entry: "single", flags: [] },
  edge_relaxed: { entry: "edge", flags: RELAXED },
  edge_baseline: { entry: "edge", flags: [] },
};

/** What benches measure shares of; no part of the library. */
const PEAK = { entry: "peak", flags: RELAXED };

async function compile(
  { entry, flags }: { entry: string; flags: string[] },
  generated: ReadonlyMap<string, string>,
): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([`${entry}.ts`, "-o", "out.wasm", ...FLAGS, ...flags], {
    readFile(file: string) {
      try {
        return generated.get(file) ?? Deno.readTextFileSync(new URL(file.replaceAll("\\", "/"), KERNELS));
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

function named(kernels: readonly Kernel[], name: string): Kernel {
  const kernel = kernels.find((kernel) => kernel.name === name);
  if (!kernel) throw new Error(`Cannot build for the edge: there is no kernel ${name}`);
  return kernel;
}

/** All generated files: path below wasm/ to bytes. */
async function build(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const text = new TextEncoder();
  const kernels = SOURCES.flatMap((file) => parseKernels(file, Deno.readTextFileSync(new URL(`${file}.ts`, KERNELS))));
  const inference = INFERENCE.map((name) => named(kernels, name));
  const generated = new Map([["dispatch.ts", dispatcher(kernels)], ["edge.ts", edgeEntry(inference)]]);
  const files = new Map([["../src/kernels/bindings.ts", text.encode(bindings(kernels, inference))]]);
  for (const [file, source] of generated) files.set(`kernels/${file}`, text.encode(source));
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const binary = await compile(variant, generated);
    inspect(name, binary);
    files.set(`bin/${name}.wasm`, binary);
  }
  files.set("../bench/bin/peak.wasm", await compile(PEAK, generated));
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
