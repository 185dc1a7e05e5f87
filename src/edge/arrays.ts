import { show } from "../checks/show.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";

/** Numbers of some shape, row-major; in memory of their own, so nobody has to dispose of them. */
export type Values<S extends readonly number[]> = {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: Readonly<S>;
};

/** One number for each of B examples: shape [B]. */
export type Array1D = Values<[B: number]>;

/** A row for each of B examples: shape [B, columns]. */
export type Array2D = Values<[B: number, columns: number]>;

/** What functions take: rows with their shape, or as many whole rows as the numbers give; borrowed, never changed. */
export type Rows = Float32Array | { readonly data: Float32Array; readonly shape: readonly number[] };

/** Describes an argument that is no rows: of what is often given in their place, also what to write instead. */
function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return show(value);
  if ("then" in value) return "a promise; await it";
  if ("mean" in value && "logVar" in value) return "a posterior; write sample(posterior, { key }) or posterior.mean";
  if ("data" in value) return `data that is ${show(value.data)}`;
  if (Array.isArray(value)) return `${show(value)}; write Float32Array.from(values.flat())`;
  return "dataSync" in value ? "a tensor; write { data: tensor.dataSync(), shape: tensor.shape }" : show(value);
}

/** Numbers, and how many rows and columns of them there are. */
export type Checked = { readonly data: Float32Array; readonly rows: number; readonly cols: number };

/**
 * Checks an argument.
 *
 * @param what What cannot be done, and to what, such as `Cannot encode x`.
 * @param rows How many rows are wanted; any number from 1 on where it is left out.
 * @param cols How many columns are wanted, or what any number of them is called.
 * @param natural The columns of numbers without a shape, where `cols` leaves them open.
 * @throws {TypeError} If it is no float32 array of that shape.
 */
export function checkRows(what: string, value: Rows, rows: number | "B", cols: number | "Z", natural = cols): Checked {
  const wanted = `shape [${rows}, ${cols}]`, bare = value instanceof Float32Array;
  const data = bare ? value : value?.data;
  if (!(data instanceof Float32Array)) {
    throw new TypeError(
      `${what}: expected { data, shape } or a Float32Array, of ${wanted}, got ${describe(value)}`,
    );
  }
  const n = data.length;
  if (bare && (n === 0 || typeof natural === "string" || n % natural !== 0)) {
    throw new TypeError(`${what}: expected ${wanted}, got ${n} numbers`);
  }
  const shape = bare ? [n / (natural as number), natural as number] : value.shape;
  const fits = (size: number, wanted: number | string) =>
    Number.isSafeInteger(size) && (typeof wanted === "string" ? size > 0 : size === wanted);
  if (!Array.isArray(shape) || shape.length !== 2 || !fits(shape[0], rows) || !fits(shape[1], cols)) {
    throw new TypeError(`${what}: expected ${wanted}, got ${show(shape)}`);
  }
  if (shape[0] * shape[1] !== n) {
    throw new TypeError(`${what}: expected ${shape[0] * shape[1]} numbers for [${shape.join(", ")}], got ${n}`);
  }
  return { data, rows: shape[0], cols: shape[1] };
}

/** A copy in the arena. */
export function put(rt: Runtime, { data, rows, cols }: Checked): Matrix {
  const m = rt.arena.matrix(rows, cols);
  floats(rt.heap, m).set(data);
  return m;
}

/** A copy outside of the heap. */
export function take(rt: Runtime, m: Matrix): Array2D {
  return { data: floats(rt.heap, m).slice(), shape: [m.rows, m.cols] };
}
