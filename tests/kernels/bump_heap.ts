import type { Heap } from "../../src/kernels/heap.ts";

const PAGE = 65536;

/**
 * A heap of its own for tests: pointers only ever go up, until all of it is forgotten at once. It knows which blocks are
 * in use, and refuses to free any other.
 */
export class BumpHeap implements Heap {
  readonly memory: WebAssembly.Memory;
  /** Bytes of the blocks in use, by pointer. */
  readonly live: Map<number, number> = new Map();
  #top = 64; // 0 means "none" to kernels

  constructor(options: { shared?: boolean } = {}) {
    const { shared = true } = options;
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared });
  }

  /** The number of bytes in use. */
  get used(): number {
    return this.live.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  alloc(bytes: number): number {
    const pointer = this.#top;
    this.#top += Math.ceil(bytes / 8) * 8;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    this.live.set(pointer, bytes);
    return pointer;
  }

  free(pointer: number): void {
    if (!this.live.delete(pointer)) throw new Error(`Cannot free ${pointer}: expected a block in use`);
  }

  /** Runs `body`, then forgets all blocks that were taken in it. */
  scope<T>(body: () => T): T {
    const top = this.#top;
    try {
      return body();
    } finally {
      this.#top = top;
      for (const pointer of this.live.keys()) if (pointer >= top) this.live.delete(pointer);
    }
  }
}
