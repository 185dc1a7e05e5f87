import { bestKernels } from "../src/backend/binaries.js";
import { runtime } from "../src/backend/start.ts";
import type { Heap } from "../src/kernels/heap.ts";
import { Pool } from "../src/kernels/pool.ts";
import { Runtime } from "../src/kernels/runtime.ts";

/** A runtime that cuts all work into as many parts as it has threads, however little it is. */
export class Forced extends Runtime {
  /** What each part of a product needs, in bytes. */
  readonly scratchBytes: number;

  constructor(heap: Heap, pool: Pool) {
    super(heap, pool);
    this.scratchBytes = pool.gemmScratch;
  }

  override parts(): number {
    return this.threads;
  }
}

const made = new Map<number, Forced>();

/**
 * A runtime of so many threads on the heap of the backend: several of them in one process, to be compared. Threads of those
 * that have nothing to do sleep.
 */
export function forced(threads: number): Forced {
  const { heap } = runtime();
  const known = made.get(threads) ?? new Forced(heap, new Pool(bestKernels, heap, threads));
  made.set(threads, known);
  return known;
}
