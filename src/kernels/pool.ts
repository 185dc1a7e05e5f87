import { Worker } from "node:worker_threads";
import type { Kernel } from "./bindings.ts";
import { allocAligned, type Block, type Heap } from "./heap.ts";
import type { Executor } from "./runtime.ts";

/** What the builds with threads export; the words of the control block are named in wasm/kernels/pool.ts. */
export type KernelExports = {
  readonly GEMM_SCRATCH: { readonly value: number };
  dispatch(kernel: number, part: number, parts: number, args: number): void;
  fork(control: number, kernel: number, parts: number): number;
  join(control: number, nanoseconds: bigint): number;
  stop(control: number): void;
};
const CONTROL_BYTES = 512, ARGUMENTS = 64, DIED = 38;

/** Most parts that the ticket of a call can count. */
export const MOST_THREADS = 254;

/**
 * A worker's whole program: in a data: URL it needs no permission and no file, also in a module imported from a URL. It
 * is up and at work while the main thread blocks, so nobody has to wait for it. After a second without a call it returns
 * to its event loop, where Deno ends it if the thread that started it is gone: a Web Worker that was terminated.
 */
const WORKER = new URL(
  "data:text/javascript," + encodeURIComponent(`
import { workerData } from "node:worker_threads";
const { module, memory, control } = workerData;
let serve;
function work(first) {
  try {
    serve ??= new WebAssembly.Instance(module, { env: { memory } }).exports.serve;
    if (serve(control, first)) setTimeout(work, 0, 0);
  } catch (error) {
    const words = new Int32Array(memory.buffer, control, ${ARGUMENTS});
    Atomics.store(words, ${DIED}, 1);
    Atomics.notify(words, 16);
    throw error;
  }
}
work(1);
`),
);

/** Threads over one memory that run a kernel together: the calling one and `threads - 1` workers. */
export class Pool implements Executor {
  readonly threads: number;
  readonly gemmScratch: number;
  readonly exports: KernelExports;
  readonly #control: Block;
  readonly #ints: Int32Array;
  readonly #floats: Float32Array;
  readonly #workers: Worker[] = [];
  readonly #patience: number;
  #failure: Error | undefined;

  /**
   * @param module A build of the kernels with threads.
   * @param heap A heap in shared memory.
   * @param threads How many threads compute, the calling one included: 1 to 254.
   * @param patience Seconds to wait for a worker's part after the caller has run out of its own.
   */
  constructor(module: WebAssembly.Module, heap: Heap, threads: number, patience = 60) {
    if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
      throw new RangeError(`Cannot start threads: expected an integer from 1 to ${MOST_THREADS}, got ${threads}`);
    }
    const { memory } = heap;
    this.threads = threads;
    this.#patience = patience;
    this.exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
    this.gemmScratch = this.exports.GEMM_SCRATCH.value;
    this.#control = allocAligned(heap, CONTROL_BYTES);
    // A view of the first pages stays good when shared memory grows.
    this.#ints = new Int32Array(memory.buffer, this.#control.ptr, CONTROL_BYTES / 4).fill(0);
    this.#floats = new Float32Array(memory.buffer, this.#control.ptr, CONTROL_BYTES / 4);
    for (let i = 1; i < threads; i++) this.#workers.push(this.#startWorker(module, memory));
  }

  /**
   * Runs a kernel and returns when all of it is done.
   *
   * @param kernel What to run.
   * @param parts Into how many parts to cut it, at most `threads`; 1 does not leave the calling thread.
   * @param args The kernel's arguments after `part` and `parts`.
   */
  run<Args extends number[]>(kernel: Kernel<Args>, parts: number, ...args: Args): void {
    if (this.#failure) throw new Error(`Cannot run ${kernel.name}: ${this.#failure.message}`, { cause: this.#failure });
    const { floats, index } = kernel;
    for (let i = 0; i < args.length; i++) {
      if (floats >> i & 1) this.#floats[ARGUMENTS + i] = args[i]!;
      else this.#ints[ARGUMENTS + i] = args[i]!;
    }
    const control = this.#control.ptr;
    try {
      if (parts <= 1 || this.threads === 1) this.exports.dispatch(index, 0, 1, control + 4 * ARGUMENTS);
      else if (this.exports.fork(control, index, Math.min(parts, this.threads)) !== 0) this.#wait(kernel.name);
    } catch (error) {
      this.#failure ??= error as Error; // parts of the call may still be running: nothing may follow it
      throw error;
    }
  }

  /** Ends the workers at once. The pool cannot be used again. */
  stop(): void {
    this.#failure ??= new Error("the thread pool was stopped");
    this.exports.stop(this.#control.ptr);
    for (const worker of this.#workers) worker.terminate();
    this.#workers.length = 0;
  }

  #startWorker(module: WebAssembly.Module, memory: WebAssembly.Memory): Worker {
    const worker = new Worker(WORKER, { workerData: { module, memory, control: this.#control.ptr } });
    worker.on("error", (error: Error) => this.#failure ??= new Error(`a worker thread failed: ${error.message}`));
    worker.on("exit", () => this.#failure ??= new Error("a worker thread ended"));
    worker.unref();
    return worker;
  }

  #wait(name: string) {
    for (let second = 1; second < this.#patience; second++) {
      if (this.#ints[DIED]) throw new Error(`Cannot finish ${name}: a worker thread failed in it`);
      if (this.exports.join(this.#control.ptr, 1_000_000_000n) === 0) return;
    }
    throw new Error(`Cannot finish ${name}: a worker thread gave no sign for ${this.#patience} s`);
  }
}
