import type { Kernel } from "../../src/kernels/bindings.ts";

/** The contents of a buffer. */
export type Values =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** Buffers by the names that the kernel's parameters have. */
export type Buffers = Readonly<Record<string, Values>>;

/** Named numbers: the lengths and flags of one case, or the addresses of its buffers. */
export type Numbers = Readonly<Record<string, number>>;

/**
 * What the formula gives in float64, and what an element's error is measured by, such as the sum of the sizes of its
 * terms. Without `scale` the kernel must give the very same number.
 */
export type Expected = { readonly value: ArrayLike<number>; readonly scale?: ArrayLike<number> };

/** All that tests and benches need to know of a kernel. */
export type Entry<Args extends number[] = number[]> = {
  readonly kernel: Kernel<Args>;
  /** Where the inputs are drawn from, in words. */
  readonly domain: string;
  /** The inputs of a case, the same at each call. A buffer that is an output too is updated in place. */
  inputs(size: Numbers): Buffers;
  /** Arrays of the type and length of the outputs. */
  outputs(size: Numbers, parts: number): Buffers;
  /** The kernel's arguments after `part` and `parts`, from the addresses of its buffers. */
  args(at: Numbers, size: Numbers): [...Args];
  /** The formula, element by element, in float64. */
  reference(inputs: Buffers, size: Numbers): Readonly<Record<string, Expected>>;
  /** By output: |result - value| <= tolerance * scale. These are the bounds that the kernel's header claims. */
  readonly tolerance: Numbers;
  /** Ways in which outputs may share the memory of inputs: output to input. */
  readonly aliases?: readonly Readonly<Record<string, string>>[];
  /** Whether each part needs GEMM_SCRATCH bytes, at `at.scratch`. */
  readonly scratch?: boolean;
  /** What of the outputs does not depend on the number of parts; by default all of them. */
  result?(outputs: Buffers): Buffers;
  /** Cases for tests: around the tiles. */
  readonly sizes: readonly Numbers[];
  /** Cases for benches: those of the 784-400-20 model. */
  readonly bench: readonly Numbers[];
  /** What a case costs: operations where they are the point, and the bytes that must be moved. */
  work(size: Numbers): { readonly flops?: number; readonly bytes: number };
};

/** Lets the compiler hold an entry's `args` against its kernel. */
export function define<Args extends number[]>(entry: Entry<Args>): Entry {
  return entry;
}

/** Half the distance of neighbouring float32 at 1: what one rounding may cost. */
export const ULP = 2 ** -24;

/** Lengths around the 4 lanes of a vector and the 16 elements that parts are cut in. */
export const LENGTHS: readonly number[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 31, 32, 33, 47, 48, 49, 63, 64, 65],
  ...[100, 127, 128, 129, 255, 256, 257, 1000, 4099],
];

/** Rows and columns around the same: each number of columns with two of rows. */
export const GRID: readonly { readonly rows: number; readonly columns: number }[] = LENGTHS.filter((n) => n < 1000)
  .flatMap((columns, i) => [{ rows: [1, 2, 3][i % 3], columns }, { rows: [4, 5, 7, 8, 33][i % 5], columns }]);

/** The batch sizes of benches. */
export const BATCHES: readonly number[] = [128, 512];

/** `n` float32 from [low, high), always the same for the same arguments. */
export function uniform(n: number, low: number, high: number, seed: number): Float32Array<ArrayBuffer> {
  const random = generator(seed);
  return Float32Array.from({ length: n }, () => low + (high - low) * random());
}

/** `n` float32 of either sign whose sizes range from 2^low to 2^high, one in sixteen zero. */
export function wide(n: number, low: number, high: number, seed: number): Float32Array<ArrayBuffer> {
  const random = generator(seed);
  return Float32Array.from({ length: n }, () => {
    const size = 2 ** (low + (high - low) * random()), choice = random();
    return choice < 1 / 16 ? 0 : choice < 1 / 2 ? -size : size;
  });
}

/** Numbers from [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}
