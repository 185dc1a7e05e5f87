import { showText } from "../checks/show.ts";
import { type Kernel, SIGNATURES } from "../kernels/bindings.ts";
import type { Executor } from "../kernels/runtime.ts";

type Exports = Readonly<Record<string, (part: number, parts: number, ...args: number[]) => void>>;

/** Runs kernels in the calling thread: an instance of the build for inference, on the memory of one model. */
export class OneThread implements Executor {
  readonly threads = 1;
  readonly gemmScratch: number;
  readonly #exports: Exports;

  /**
   * @param module The kernels for inference.
   * @param memory The memory they work on.
   * @throws {Error} If the module is another one, or of another version; and where a kernel is called that it lacks.
   */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    const exports = instantiate(module, memory);
    const constant = (name: string) => (exports[name] as WebAssembly.Global | undefined)?.value;
    if (constant("SIGNATURES") !== SIGNATURES) {
      throw new Error(
        `${WRONG}, got one that exports ${showText(Object.keys(exports).slice(0, 4).join(", ")) || "nothing"}`,
      );
    }
    this.gemmScratch = constant("GEMM_SCRATCH");
    if (!(this.gemmScratch > 0)) throw lacking("GEMM_SCRATCH");
    this.#exports = exports as Exports;
  }

  run<Args extends number[]>(kernel: Kernel<Args>, _parts: number, ...args: Args): void {
    const run = this.#exports[kernel.name];
    if (typeof run !== "function") throw lacking(kernel.name);
    run(0, 1, ...args);
  }

  stop(): void {}
}

const WRONG = "Cannot use the kernels: expected edge_relaxed.wasm or edge_baseline.wasm of this version of elbo";

/** What is wrong with a file that is of this version, but damaged so that it still compiles. */
function lacking(name: string): Error {
  return new Error(`${WRONG}, got one without ${name}`);
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch (cause) {
    throw new Error(`${WRONG}, got one that does not fit (${showText((cause as Error).message)})`, { cause });
  }
}
