import type { Kernel } from "../../src/kernels/bindings.ts";

/** The builds of the kernels, compiled: with fused multiply-add and without; with threads, and for one. */
export const BUILDS = {
  relaxed: { threads: await compile("threads_relaxed"), single: await compile("single_relaxed") },
  baseline: { threads: await compile("threads_baseline"), single: await compile("single_baseline") },
} as const;

/** The names of both builds. */
export const SIMD: readonly (keyof typeof BUILDS)[] = ["relaxed", "baseline"];

async function compile(name: string): Promise<WebAssembly.Module> {
  const bytes = await Deno.readFile(new URL(`../../wasm/bin/${name}.wasm`, import.meta.url));
  return new WebAssembly.Module(bytes);
}

type Exports = {
  readonly GEMM_SCRATCH: { readonly value: number };
  dispatch(kernel: number, part: number, parts: number, args: number): void;
};

/** The kernels in one thread: each call runs its parts one after the other. */
export class Serial {
  readonly memory: WebAssembly.Memory;
  readonly scratchBytes: number;
  readonly #exports: Exports;
  readonly #at: number;

  /** @param at Where in memory to write arguments: up to 64 words. */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, at: number) {
    this.memory = memory;
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
    this.scratchBytes = this.#exports.GEMM_SCRATCH.value;
    this.#at = at;
  }

  /** Runs a kernel in `parts` parts. */
  run<Args extends number[]>(kernel: Kernel<Args>, parts: number, ...args: Args): void {
    const words = new DataView(this.memory.buffer, this.#at, 256);
    args.forEach((arg, i) => {
      if (kernel.floats >> i & 1) words.setFloat32(4 * i, arg, true);
      else words.setInt32(4 * i, arg, true);
    });
    for (let part = 0; part < parts; part++) this.#exports.dispatch(kernel.index, part, parts, this.#at);
  }
}
