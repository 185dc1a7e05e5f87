import { Arena } from "./arena.ts";
import { allocAligned, type Block, type Heap } from "./heap.ts";
import { Pool } from "./pool.ts";
import type { Kernel } from "./bindings.ts";

/** Elements below which a second thread costs more than it brings: a fork and join takes about two microseconds. */
const GRAIN = 8192;

/** What every typed kernel call needs: the heap, memory for temporaries, and the threads. */
export class Runtime {
  readonly heap: Heap;
  readonly arena: Arena;
  readonly #pool: Pool;
  readonly #gemmScratch: Block;

  constructor(module: WebAssembly.Module, heap: Heap, threads: number) {
    this.heap = heap;
    this.arena = new Arena(heap);
    this.#pool = new Pool(module, heap, threads);
    this.#gemmScratch = allocAligned(heap, threads * this.#pool.exports.GEMM_SCRATCH.value);
  }

  get threads(): number {
    return this.#pool.threads;
  }

  /** Where each part of a product packs its panels. */
  get gemmScratch(): number {
    return this.#gemmScratch.ptr;
  }

  /** Into how many parts to cut work of so many element operations. */
  parts(work: number): number {
    return Math.min(this.#pool.threads, Math.max(1, Math.floor(work / GRAIN)));
  }

  /** See {@linkcode Pool.run}. */
  run<Args extends number[]>(kernel: Kernel<Args>, parts: number, ...args: Args): void {
    this.#pool.run(kernel, parts, ...args);
  }

  /** Ends the threads at once; the heap is not touched. */
  stop(): void {
    this.#pool.stop();
  }
}
