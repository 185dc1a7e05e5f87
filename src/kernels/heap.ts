/** The memory in which kernels work, and how to get some of it. tfjs's heap on a server, one of its own at the edge. */
export type Heap = {
  readonly memory: WebAssembly.Memory;
  /** A block of `bytes` bytes; throws a `RangeError` when the heap is full. */
  alloc(bytes: number): number;
  free(pointer: number): void;
};

/** A block that begins at a cache line, and the way to give it back. */
export type Block = { readonly ptr: number; readonly bytes: number; free(): void };

/** Size of a cache line; two threads that write to one line slow each other down. */
export const LINE = 64;

/** Allocates a block that begins at a multiple of {@linkcode LINE}. */
export function allocAligned(heap: Heap, bytes: number): Block {
  const raw = heap.alloc(bytes + LINE);
  return { ptr: Math.ceil(raw / LINE) * LINE, bytes, free: () => heap.free(raw) };
}

/** A row-major float32 matrix in the heap: what kernels take in place of tensors. */
export type Matrix = { readonly ptr: number; readonly rows: number; readonly cols: number };

/** The number of elements of a matrix. */
export function size(m: Matrix): number {
  return m.rows * m.cols;
}

/** The matrix's values, in place: valid until the heap grows. */
export function floats(heap: Heap, m: Matrix): Float32Array {
  return new Float32Array(heap.memory.buffer, m.ptr, size(m));
}
