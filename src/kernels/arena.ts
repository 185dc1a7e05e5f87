import { allocAligned, type Block, type Heap, LINE, type Matrix } from "./heap.ts";

/**
 * Memory for what lives no longer than one call: hidden activations, gradients on their way. A stack: what a scope took
 * is given back when it ends. It grows to the largest need and stays there, so a long loop allocates nothing.
 */
export class Arena {
  readonly #heap: Heap;
  #blocks: Block[] = [];
  #used = 0; // bytes of the last block
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
    const last = this.#blocks.at(-1);
    if (!last || this.#used + need > last.bytes) {
      this.#blocks.push(allocAligned(this.#heap, Math.max(need, 1 << 16)));
      this.#used = 0;
    }
    const ptr = this.#blocks.at(-1)!.ptr + this.#used;
    this.#used += need;
    return ptr;
  }

  /** Runs `body`, and takes back all that it took, also when it throws. */
  scope<T>(body: () => T): T {
    const blocks = this.#blocks.length, used = this.#used;
    this.#depth++;
    try {
      return body();
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#rest();
      else if (this.#blocks.length === blocks) this.#used = used; // blocks added meanwhile stay to the outer scope's end
    }
  }

  /** Gives all memory back to the heap. */
  free(): void {
    for (const block of this.#blocks) block.free();
    this.#blocks = [];
    this.#used = 0;
  }

  /** Between calls: one block in place of several, so that the next call of this size finds room. */
  #rest() {
    this.#used = 0;
    if (this.#blocks.length <= 1) return;
    const bytes = this.bytes;
    this.free();
    this.#blocks.push(allocAligned(this.#heap, bytes));
  }
}
