import { Arena } from "./arena.ts";
import { allocAligned, type Block, type Heap } from "./heap.ts";
import type { Kernel } from "./bindings.ts";

/**
 * Elements a part must have to be worth another thread. Two threads break even at 2,048 elements of relu and are 1.4 times
 * faster at 4,096 (`deno task measure threshold`): where they begin.
 */
const GRAIN = 2048;

/** What runs kernels: the thread pool on a server, the calling thread alone at the edge. */
export type Executor = {
  /** How many threads compute, the calling one included. */
  readonly threads: number;
  /** Bytes of scratch that each part of a product needs. */
  readonly gemmScratch: number;
  /** Runs a kernel in so many parts, and returns when all of it is done. */
  run<Args extends number[]>(kernel: Kernel<Args>, parts: number, ...args: Args): void;
  /** Ends the threads at once. */
  stop(): void;
};

/** What every typed kernel call needs: the heap, memory for temporaries, and the threads. */
export class Runtime {
  readonly heap: Heap;
  readonly arena: Arena;
  readonly #executor: Executor;
  readonly #gemmScratch: Block;

  constructor(heap: Heap, executor: Executor) {
    this.heap = heap;
    this.arena = new Arena(heap);
    this.#executor = executor;
    this.#gemmScratch = allocAligned(heap, executor.threads * executor.gemmScratch);
  }

  get threads(): number {
    return this.#executor.threads;
  }

  /** Where each part of a product packs its panels. */
  get gemmScratch(): number {
    return this.#gemmScratch.ptr;
  }

  /** Into how many parts to cut work of so many element operations. */
  parts(work: number): number {
    return Math.min(this.#executor.threads, Math.max(1, Math.floor(work / GRAIN)));
  }

  /** See {@linkcode Executor}. */
  run<Args extends number[]>(kernel: Kernel<Args>, parts: number, ...args: Args): void {
    this.#executor.run(kernel, parts, ...args);
  }

  /** Ends the threads at once; the heap is not touched. */
  stop(): void {
    this.#executor.stop();
  }
}
