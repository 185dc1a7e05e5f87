import { allocAligned, type Block, type Heap, LINE, type Matrix } from "./heap.ts";

/** Bytes of the smallest block. */
const SMALLEST = 1 << 16;

/**
 * Memory for what lives no longer than one call: hidden activations, gradients on their way. A stack: what a scope took
 * is given back when it ends. It grows to the largest need and stays there, so a long loop allocates nothing.
 */
export class Arena {
  readonly #heap: Heap;
  #blocks: Block[] = []; // those in use, then empty ones
  #open = 0; // how many are in use
  #used = 0; // bytes of the last of them
  #live = 0; // bytes taken
  #most = 0; // the largest #live so far
  #depth = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The bytes held. */
  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.bytes, 0);
  }

  /** A matrix of undefined contents that lives until the scope around it ends. */
  matrix(rows: number, cols: number): Matrix {
    return { ptr: this.take(rows * cols * 4), rows, cols };
  }

  /** `bytes` bytes, aligned to a cache line, that live until the scope around it ends. */
  take(bytes: number): number {
    if (this.#depth === 0) throw new Error("Cannot take from an arena outside a scope");
    const need = Math.ceil(bytes / LINE) * LINE;
    const last = this.#blocks[this.#open - 1];
    if (!last || this.#used + need > last.bytes) this.#next(need);
    const ptr = this.#blocks[this.#open - 1]!.ptr + this.#used;
    this.#used += need;
    this.#live += need;
    this.#most = Math.max(this.#most, this.#live);
    return ptr;
  }

  /** Runs `body`, and takes back all that it took, also when it throws. */
  scope<T>(body: () => T): T {
    const before = [this.#open, this.#used, this.#live] as const;
    this.#depth++;
    try {
      return body();
    } finally {
      this.#depth--;
      [this.#open, this.#used, this.#live] = before;
      if (this.#depth === 0 && this.#blocks.length > 1) this.#join();
    }
  }

  /** Gives all memory back to the heap; only between scopes. */
  free(): void {
    for (const block of this.#blocks.splice(0)) block.free();
  }

  /** Goes on in the next block: an empty one if it is large enough, else a new one in place of all empty ones. */
  #next(need: number) {
    const next = this.#blocks[this.#open];
    if (!next || next.bytes < need) {
      for (const empty of this.#blocks.splice(this.#open)) empty.free();
      this.#blocks.push(allocAligned(this.#heap, Math.max(need, SMALLEST)));
    }
    this.#open++;
    this.#used = 0;
  }

  /** Between calls: one block in place of several, so that the next call of this size finds room. */
  #join() {
    this.free();
    this.#blocks.push(allocAligned(this.#heap, this.#most));
  }
}
