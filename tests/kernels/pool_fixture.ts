import { Worker } from "node:worker_threads";
import { Pool } from "../../src/kernels/pool.ts";
import { assert } from "../assert.ts";
import { BUILDS } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";

/** Longer than anything in these tests takes, shorter than a hang. */
export const HANG_MS = 20_000;

/** Words of the control block, as wasm/kernels/pool.ts has them. */
const WORKERS_ASLEEP = 34, WORKERS_UP = 37;

/** A pool, its heap, the workers that it started, and a look at its control block. */
export class Fixture implements Disposable {
  readonly heap = new BumpHeap();
  readonly workers: Worker[] = [];
  readonly pool: Pool;
  readonly #control: Int32Array;

  constructor(threads: number, patience?: number) {
    const { workers } = this, { unref } = Worker.prototype;
    // The pool calls this of each worker that it starts, and keeps them to itself.
    Worker.prototype.unref = function (this: Worker) {
      workers.push(this);
      unref.call(this);
    };
    try {
      this.pool = new Pool(BUILDS.baseline.threads, this.heap, threads, patience);
    } finally {
      Worker.prototype.unref = unref;
    }
    const [first] = this.heap.live.keys(); // as allocAligned rounds it up
    this.#control = new Int32Array(this.heap.memory.buffer, Math.ceil(first / 64) * 64, 64);
  }

  /** Waits, without the event loop, until all workers are up and sleep. */
  settle(): void {
    const end = performance.now() + HANG_MS, workers = this.pool.threads - 1;
    while (this.#word(WORKERS_UP) < workers || this.#word(WORKERS_ASLEEP) < workers) {
      assert(performance.now() < end, "the workers did not come up, or do not sleep");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }

  floats(at: number, n: number): Float32Array {
    return new Float32Array(this.heap.memory.buffer, at, n);
  }

  [Symbol.dispose](): void {
    this.pool.stop();
  }

  #word(i: number): number {
    return Atomics.load(this.#control, i);
  }
}
