import { BackendWasm, glue, setThreadsCount } from "./tfjs_wasm.ts";
import { tfjsThreadedSimd } from "./binaries.js";
import { PThread } from "./pthread.ts";

/** Emscripten's module: what BackendWasm calls, and what we use of it besides. */
export type Emscripten = ConstructorParameters<typeof BackendWasm>[0] & {
  /** Throws a `RangeError` when the heap is full. */
  _malloc(bytes: number): number;
  _free(pointer: number): void;
};

/** A tfjs backend, and the shared memory that is its heap. */
export type Started = {
  readonly backend: BackendWasm;
  readonly emscripten: Emscripten;
  readonly memory: WebAssembly.Memory;
};

/** As tfjs has it: a heap that grows to 4 GiB, from 16 MiB. */
const PAGES = { initial: 256, maximum: 65536 };

/** A warning for browsers' main threads: here the main thread may block, and does so on purpose. */
const BLOCKING = /^Blocking on the main thread/;

/**
 * Brings up tfjs's threaded SIMD binary. tfjs itself refuses threads wherever `process.versions.node` exists, Deno
 * included, so the Emscripten factory is called here, with a compiled module and a memory of ours.
 *
 * Nothing in it has to be awaited: the module is compiled, and {@linkcode PThread} says at once that it has loaded; the
 * configuration object becomes the module.
 *
 * @param threads How many threads XNNPACK shall use, the calling one included.
 */
export function startEmscripten(threads: number): Started {
  const memory = new WebAssembly.Memory({ ...PAGES, shared: true });
  const emscripten = {
    wasmMemory: memory,
    mainScriptUrlOrBlob: "unused",
    locateFile: (path: string) => path,
    printErr: (text: string) => BLOCKING.test(text) || console.warn(text),
    instantiateWasm(imports: WebAssembly.Imports, done: (i: WebAssembly.Instance, m: WebAssembly.Module) => void) {
      // Its C++ takes half the logical cores for the most it may use: answer for the threads that were asked for.
      imports.env!.emscripten_num_logical_cores = () => 2 * threads;
      const instance = new WebAssembly.Instance(tfjsThreadedSimd, imports);
      done(instance, tfjsThreadedSimd);
      return instance.exports;
    },
  } as unknown as Emscripten & { cwrap(name: string, result: string | null, args: string[]): never };
  withGlobals({ Worker: PThread, process: undefined }, () => (glue as unknown as (config: object) => void)(emscripten));
  const c = emscripten.cwrap, n = "number";
  emscripten.tfjs = {
    init: c("init", null, []),
    initWithThreadsCount: c("init_with_threads_count", null, [n]),
    getThreadsCount: c("get_threads_count", n, []),
    registerTensor: c("register_tensor", null, [n, n, n]),
    disposeData: c("dispose_data", null, [n]),
    dispose: c("dispose", null, []),
  };
  setThreadsCount(threads);
  failSafely(emscripten, memory);
  return { backend: new BackendWasm(emscripten), emscripten, memory };
}

/**
 * Makes a full heap an error, for tfjs as for us. By itself the allocator gives 0, which tfjs takes for an address; and
 * where the free block at the heap's end would have to grow past 4 GiB, it gives that block, which is too small.
 */
function failSafely(emscripten: Emscripten, memory: WebAssembly.Memory) {
  emscripten._free(emscripten._malloc(1)); // Emscripten puts both in their places at their first call
  const { _malloc: malloc, _free: free } = emscripten;
  emscripten._malloc = (bytes) => {
    const pointer = bytes < 2 ** 32 ? malloc(bytes) >>> 0 : 0;
    if (pointer > 0 && pointer + bytes <= memory.buffer.byteLength) return pointer;
    if (pointer > 0) free(pointer);
    throw new RangeError(`Cannot allocate ${bytes} bytes: the heap of 4 GiB is full`);
  };
}

/** Runs synchronous code with other values of global names; nobody else can see them. */
function withGlobals(values: Record<string, unknown>, body: () => void) {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  try {
    for (const [name, value] of Object.entries(values)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    body();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}
