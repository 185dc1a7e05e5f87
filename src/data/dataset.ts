import type { Heap } from "../kernels/heap.ts";
import { checkImages, type Images } from "./images.ts";

/**
 * Images in the heap, as the bytes they are: a quarter of what float32 would take. Batches are cut from it by index. The
 * caller owns it: `dispose()`, or `using`.
 */
export class Dataset {
  /** How many examples. */
  readonly count: number;
  /** Of an image, in pixels. */
  readonly height: number;
  /** Of an image, in pixels. */
  readonly width: number;
  /** A label for each example, if there are labels. */
  readonly labels?: Uint8Array | undefined;
  readonly #heap: Heap;
  #pointer: number;

  /**
   * Copies images into a heap; `dataset` does so for the one that the backend has.
   *
   * @throws {TypeError} If a field is unknown or of the wrong type, or there are not as many bytes or labels as the sizes
   * say.
   * @throws {RangeError} If a size is no positive integer, or a label no integer from 0 to 255.
   */
  constructor(heap: Heap, images: Images) {
    const { pixels, count, height, width, labels } = checkImages("Cannot make a dataset", images);
    this.count = count;
    this.height = height;
    this.width = width;
    if (labels !== undefined) this.labels = labels;
    this.#heap = heap;
    this.#pointer = heap.alloc(pixels.length);
    new Uint8Array(heap.memory.buffer, this.#pointer, pixels.length).set(pixels);
  }

  /** Values per example: height times width. */
  get size(): number {
    return this.height * this.width;
  }

  /** Where the bytes are. Throws if they were given back, or belong to a heap that was stopped. */
  pointer(heap: Heap): number {
    if (this.#pointer === 0) throw new Error("Cannot use the dataset: it was disposed of");
    if (heap !== this.#heap) throw new Error("Cannot use the dataset: the backend it was made on was stopped");
    return this.#pointer;
  }

  /** Gives the bytes back to the heap; a second call does nothing. */
  dispose(): void {
    if (this.#pointer !== 0) this.#heap.free(this.#pointer);
    this.#pointer = 0;
  }

  /** See {@linkcode Dataset.dispose}. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
