import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { MOST_THREADS, Pool } from "../kernels/pool.ts";
import { Runtime } from "../kernels/runtime.ts";
import type { Heap } from "../kernels/heap.ts";
import { baselineKernels, bestKernels, hasRelaxedSimd } from "./binaries.js";
import { checkDeno } from "./deno_version.ts";
import { type Started, startEmscripten } from "./emscripten.ts";
import { registerKernels } from "./register.ts";
import * as tf from "./tf.ts";
import { BACKEND } from "./tfjs_wasm.ts";

/** Which build of the kernels runs: with fused multiply-add where the machine has it, or without. */
export type Simd = "relaxed" | "baseline";

/** What {@linkcode start} can be told. */
export type StartOptions = {
  /** Threads that compute, the calling one included: 1 to 254; by default the number of logical cores, at most 254. */
  readonly threads?: number | undefined;
  /** By default `"relaxed"` where the engine has relaxed SIMD. The two round differently. */
  readonly simd?: Simd | undefined;
};

const OPTIONS: Names<StartOptions> = { threads: true, simd: true };

/** What runs. */
export type Status = { readonly threads: number; readonly simd: Simd };

type Running = Started & { readonly runtime: Runtime; readonly status: Status };
type Wanted = { readonly threads: number; readonly simd: Simd; readonly kernels: WebAssembly.Module };

checkDeno(globalThis.Deno?.version.deno);

const DEFAULTS: Wanted = {
  threads: defaultThreads(navigator.hardwareConcurrency),
  simd: hasRelaxedSimd ? "relaxed" : "baseline",
  kernels: bestKernels,
};
let wanted = DEFAULTS;
let running: Running | undefined;
let failure: unknown;

/** Threads for a machine of so many logical cores, which a runtime may not tell: at least 1, and at most what there may be. */
export function defaultThreads(cores: number | undefined): number {
  return Math.min(MOST_THREADS, Math.max(1, Math.floor(cores || 1)));
}

/**
 * Whether this is a Web Worker. Those can be terminated at any moment, and a thread of tfjs, which sleeps within its binary
 * and never looks at its event loop, would then stay until the process ends: there tfjs's own ops take one thread.
 */
function isWebWorker(): boolean {
  return typeof (globalThis as { WorkerGlobalScope?: unknown | undefined }).WorkerGlobalScope === "function";
}

// Where the program is loaded anew, as by --watch, its threads would otherwise stay.
globalThis.addEventListener("unload", stop);

/** What a stopped backend has for a module: its tensors can be disposed of, and say why they cannot be read. */
const GONE = {
  _free() {},
  tfjs: { disposeData() {} },
  get HEAPU8(): never {
    throw new Error("Cannot read a tensor made before stop(): its heap was given up");
  },
} as unknown as Started["backend"]["wasm"];

// tfjs's own factory would start without threads. With ours in its place an op of tfjs, too, may be what starts it.
tf.removeBackend(BACKEND);
tf.registerBackend(BACKEND, create, 3);

function create(): tf.KernelBackend {
  try {
    const started = startEmscripten(isWebWorker() ? 1 : wanted.threads), { emscripten, memory, backend } = started;
    const heap: Heap = {
      memory,
      alloc: (bytes) => emscripten._malloc(bytes),
      free: (pointer) => emscripten._free(pointer),
    };
    const runtime = new Runtime(heap, new Pool(wanted.kernels, heap, wanted.threads));
    registerKernels({ backend, runtime });
    running = { ...started, runtime, status: { threads: wanted.threads, simd: wanted.simd } };
    return backend as unknown as tf.KernelBackend;
  } catch (error) {
    failure = error; // tfjs would only warn
    throw error;
  }
}

/** The engine that runs; the first call starts it, with the defaults if {@linkcode start} was not called. */
export function engine(): Running {
  if (running) return running;
  failure = undefined;
  tf.setBackend(BACKEND); // its factory is synchronous, and so is all it does
  if (!running) throw failure;
  return running;
}

/** The kernels' runtime; see {@linkcode engine}. */
export function runtime(): Runtime {
  return engine().runtime;
}

/**
 * Starts tfjs's wasm backend with threads, and our kernels on the same heap. Need not be called: the first use starts it
 * with the defaults. Calling it again changes nothing.
 *
 * @param options.threads Threads that compute, the calling one included: an integer from 1 to 254; by default the number
 * of logical cores.
 * @param options.simd `"relaxed"` (default where there is relaxed SIMD) or `"baseline"`.
 * @returns What runs: `{ threads, simd }`.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `threads` is not such an integer, or `simd` is not available.
 * @throws {Error} If it runs already with other options: call {@linkcode stop} first.
 *
 * @example
 * ```ts
 * import { start, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { threads } = await start({ threads: 2 });
 * assert.equal(threads, 2);
 * assert.equal(tf.getBackend(), "wasm");
 * ```
 */
export async function start(options: StartOptions = {}): Promise<Status> {
  const { threads = wanted.threads, simd = wanted.simd } = checkOptions("Cannot start", options, OPTIONS);
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw new RangeError(
      `Cannot start: expected threads to be an integer from 1 to ${MOST_THREADS}, got ${show(threads)}`,
    );
  }
  if (simd !== "relaxed" && simd !== "baseline") {
    throw new RangeError(`Cannot start: expected simd to be "relaxed" or "baseline", got ${show(simd)}`);
  }
  if (simd === "relaxed" && !hasRelaxedSimd) throw new RangeError("Cannot start: this engine has no relaxed SIMD");
  if (!running) {
    const kernels = simd === DEFAULTS.simd ? bestKernels : await baselineKernels();
    // Another call may have started it while this one waited.
    if (!running) {
      wanted = { threads, simd, kernels };
      return engine().status;
    }
  }
  const { status } = engine();
  if (status.threads !== threads || status.simd !== simd) {
    throw new Error(
      `Cannot start with ${threads} threads and ${simd} SIMD: ` +
        `running with ${status.threads} and ${status.simd}, call stop() first`,
    );
  }
  return status;
}

/**
 * Ends all threads at once and gives up the heap. Tensors made before are lost; the next use starts anew, with the
 * defaults. Does nothing where nothing runs.
 */
export function stop(): void {
  if (!running) return;
  const { runtime, backend } = running;
  running = undefined;
  wanted = DEFAULTS;
  runtime.stop();
  // Disposes the backend, and with it tfjs's threads.
  tf.removeBackend(BACKEND);
  tf.registerBackend(BACKEND, create, 3);
  backend.wasm = GONE;
}
