/**
 * Random tensors by explicit keys: the same key, shape and options give the same bits, on any number of threads.
 *
 * @module
 */
import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { drawBernoulli, drawBits, drawNormal, drawUniform } from "../kernels/draw.ts";
import type { Matrix } from "../kernels/heap.ts";
import { checkKey, type Key, split } from "../random.ts";
import { checkTensor, emptyTensor, matrixOf } from "./tensors.ts";

/** The tensor type of a shape. */
export type TensorOf<S extends readonly number[]> = S extends readonly [] ? tf.Scalar
  : S extends readonly [number] ? tf.Tensor1D
  : S extends readonly [number, number] ? tf.Tensor2D
  : S extends readonly [number, number, number] ? tf.Tensor3D
  : S extends readonly [number, number, number, number] ? tf.Tensor4D
  : tf.Tensor;

/** Options of {@linkcode uniform}. */
export type UniformOptions = {
  /** Lower bound, finite; default 0. */
  readonly low?: number | undefined;
  /** Upper bound, finite, at least `low`; default 1. */
  readonly high?: number | undefined;
};

const UNIFORM: Names<UniformOptions> = { low: true, high: true };

/** How the error messages begin. */
const ACTION = "Cannot draw";

function drawn<S extends readonly number[]>(
  key: Key,
  shape: S,
  fill: (out: Matrix) => void,
  dtype?: "int32",
): tf.Owned<TensorOf<S>> {
  checkKey(ACTION, key);
  if (!Array.isArray(shape) || shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new RangeError(`${ACTION}: expected shape to be an array of sizes, got ${show(shape)}`);
  }
  if (shape.reduce((n, size) => n * size, 1) >= 2 ** 30) {
    throw new RangeError(`${ACTION}: expected fewer than 2^30 elements, got shape [${shape.join(", ")}]`);
  }
  const tensor = emptyTensor<TensorOf<S>>(shape, dtype);
  if (tensor.size > 0) fill(matrixOf(tensor));
  return tensor;
}

/**
 * 32 random bits an element: `jax.random.bits(key, shape)`. The caller owns the result.
 *
 * @param key The random key.
 * @param shape The shape of the result.
 * @returns int32 of that shape; `>>> 0` gives JAX's uint32.
 * @throws {TypeError} If `key` is not a key.
 * @throws {RangeError} If `shape` is not an array of sizes.
 *
 * @example
 * ```ts
 * import { key, random } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(random.bits(key(0), [2, 3]).shape, [2, 3]);
 * ```
 */
export function bits<const S extends readonly number[]>(key: Key, shape: S): tf.Owned<TensorOf<S>> {
  return drawn(key, shape, (out) => drawBits(runtime(), out, key), "int32");
}

/**
 * Uniform numbers in [low, high), of 23 random bits: `jax.random.uniform(key, shape)`. The caller owns the result.
 *
 * @param key The random key.
 * @param shape The shape of the result.
 * @param options.low Lower bound, finite; default 0.
 * @param options.high Upper bound, finite, at least `low`; default 1.
 * @returns float32 of that shape.
 * @throws {TypeError} If `key` is not a key.
 * @throws {RangeError} If `shape` is not an array of sizes or the bounds are not in order.
 *
 * @example
 * ```ts
 * import { key, random } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.equal(random.uniform(key(0), []).dataSync()[0], Math.fround(0.947667));
 * ```
 */
export function uniform<const S extends readonly number[]>(
  key: Key,
  shape: S,
  options: UniformOptions = {},
): tf.Owned<TensorOf<S>> {
  const { low = 0, high = 1 } = checkOptions(ACTION, options, UNIFORM);
  if (!(Number.isFinite(Math.fround(low)) && Number.isFinite(Math.fround(high)) && low <= high)) {
    throw new RangeError(`${ACTION}: expected finite bounds with low <= high, got ${show(low)} and ${show(high)}`);
  }
  return drawn(key, shape, (out) => drawUniform(runtime(), out, key, low, high));
}

/**
 * Standard normal numbers: `jax.random.normal(key, shape)`, to within 1e-6 relative. The caller owns the result.
 *
 * @param key The random key.
 * @param shape The shape of the result.
 * @returns float32 of that shape.
 * @throws {TypeError} If `key` is not a key.
 * @throws {RangeError} If `shape` is not an array of sizes.
 *
 * @example
 * ```ts
 * import { key, random } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const [x] = random.normal(key(42), []).dataSync();
 * assert(Math.abs(x - -0.028304616) < 1e-8);
 * ```
 */
export function normal<const S extends readonly number[]>(key: Key, shape: S): tf.Owned<TensorOf<S>> {
  return drawn(key, shape, (out) => drawNormal(runtime(), out, key));
}

/**
 * 1 with probability p, else 0, element by element: `jax.random.bernoulli(key, p)`. Borrows p; the caller owns the result.
 *
 * @param key The random key.
 * @param p Probabilities, float32 of any shape; below 0 gives 0, from 1 on gives 1.
 * @returns float32 of p's shape.
 * @throws {TypeError} If `key` is not a key, or p is not a float32 tensor.
 *
 * @example
 * ```ts
 * import { key, random, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...random.bernoulli(key(0), tf.tensor1d([0, 1])).dataSync()], [0, 1]);
 * ```
 */
export function bernoulli<T extends tf.Tensor>(key: Key, p: T): tf.Owned<T> {
  const probabilities = checkTensor(`${ACTION}: p`, p, p?.shape ?? []);
  return drawn(key, p.shape, (out) => drawBernoulli(runtime(), out, key, probabilities)) as tf.Tensor as tf.Owned<T>;
}

/**
 * A random order of 0 to n - 1: `jax.random.permutation(key, n)`, which sorts by random bits, twice or more so that equal
 * bits do not matter.
 *
 * @param key The random key.
 * @param n How many numbers, from 1 to 2^30.
 * @returns The numbers in random order; not a tensor.
 * @throws {TypeError} If `key` is not a key.
 * @throws {RangeError} If `n` is out of range.
 *
 * @example
 * ```ts
 * import { key, random } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...random.permutation(key(0), 4)].sort(), [0, 1, 2, 3]);
 * ```
 */
export function permutation(key: Key, n: number): Uint32Array {
  checkKey(ACTION, key);
  if (!Number.isInteger(n) || n < 1 || n > 2 ** 30) {
    throw new RangeError(`${ACTION}: expected n to be an integer from 1 to 2^30, got ${show(n)}`);
  }
  const rounds = Math.ceil(3 * Math.log(n) / Math.log(2 ** 32 - 1));
  // Bits above, place below: sorting 64-bit numbers sorts by bits and keeps the order of equal ones.
  const pairs = new BigUint64Array(n), words = new Uint32Array(pairs.buffer);
  let order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let round = 0; round < rounds; round++) {
    const [next, subkey] = split(key);
    key = next;
    const drawn = bits(subkey, [n]), values = drawn.dataSync();
    drawn.dispose();
    for (let i = 0; i < n; i++) {
      words[2 * i] = i;
      words[2 * i + 1] = values[i]!;
    }
    pairs.sort();
    order = order.map((_, i) => order[words[2 * i]!]!);
  }
  return order;
}
