import type { Heap } from "../kernels/heap.ts";

const PAGE = 65536, MOST_PAGES = 65536;

/** Where blocks begin: 0 means "none" to kernels. */
const FIRST = 64;

/**
 * A heap that owns its memory, for few blocks: what an inference takes is one arena. A block goes to the first gap that
 * holds it, so memory given back is used again, and memory grows to the largest need only.
 */
export class OwnHeap implements Heap {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  /** The blocks in use, by address. */
  readonly #blocks: { readonly begin: number; readonly end: number }[] = [];

  alloc(bytes: number): number {
    let begin = FIRST, at = 0;
    const length = Math.max(1, Math.ceil(bytes / FIRST)) * FIRST;
    while (at < this.#blocks.length && this.#blocks[at]!.begin - begin < length) begin = this.#blocks[at++]!.end;
    this.#grow(begin + length, bytes);
    this.#blocks.splice(at, 0, { begin, end: begin + length });
    return begin;
  }

  free(pointer: number): void {
    const at = this.#blocks.findIndex(({ begin }) => begin === pointer);
    if (at < 0) throw new Error(`Cannot free ${pointer}: expected a block in use`);
    this.#blocks.splice(at, 1);
  }

  #grow(end: number, bytes: number) {
    const pages = Math.ceil(end / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (pages <= 0) return;
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw new RangeError(`Cannot allocate ${bytes} bytes: the heap has 4 GiB, or the machine no more memory`, {
        cause,
      });
    }
  }
}
