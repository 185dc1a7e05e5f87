/**
 * Random keys: explicit, immutable, and the same numbers as JAX's threefry with `jax_threefry_partitionable`.
 *
 * @module
 */
import { show } from "./checks/show.ts";

/**
 * A random key: the two 32-bit words of a threefry-2x32 key. A key is used once; {@linkcode split} makes more. The brand is
 * in types alone, so that no other pair of numbers is taken for a key.
 */
export type Key = readonly [number, number] & { readonly __brand: "Key" };

const ROTATIONS = [[13, 15, 26, 6], [17, 29, 16, 24]];

/** One block of threefry-2x32 with 20 rounds: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (2011). */
function threefry([k0, k1]: readonly [number, number], x: number, y: number): Key {
  const ks = [k0, k1, k0 ^ k1 ^ 0x1BD11BDA];
  x = x + k0 | 0, y = y + k1 | 0;
  for (let round = 0; round < 5; round++) {
    for (const by of ROTATIONS[round % 2]!) {
      x = x + y | 0;
      y = (y << by | y >>> 32 - by) ^ x;
    }
    x = x + ks[(round + 1) % 3]! | 0;
    y = y + ks[(round + 2) % 3]! + round + 1 | 0;
  }
  return asKey(x, y);
}

function asKey(x: number, y: number): Key {
  return Object.freeze([x >>> 0, y >>> 0]) as unknown as Key;
}

/** Throws a `TypeError` unless `k` is a key; `action` begins the message. */
export function checkKey(action: string, k: Key): void {
  const word = (w: unknown) => Number.isInteger(w) && (w as number) >= 0 && (w as number) < 2 ** 32;
  if (!Array.isArray(k) || k.length !== 2 || !k.every(word)) {
    throw new TypeError(`${action}: expected key to be made by key(seed), split or foldIn, got ${show(k)}`);
  }
}

/** Options that name a key. */
export type Keyed = {
  /** The random key; the same key gives the same result. */
  readonly key: Key;
};

/** The key of an options object. */
export function keyOf(action: string, options: Keyed): Key {
  checkKey(action, options?.key);
  return options.key;
}

/**
 * A key from a seed; `jax.random.key(seed)`.
 *
 * @param seed An integer from 0 to 2^53 - 1.
 * @returns The key.
 * @throws {RangeError} If the seed is not such an integer.
 *
 * @example
 * ```ts
 * import { key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...key(42)], [0, 42]);
 * ```
 */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Cannot make a key: expected seed to be an integer from 0 to 2^53 - 1, got ${show(seed)}`);
  }
  return asKey(Math.floor(seed / 2 ** 32), seed);
}

/**
 * New keys from one, which is not to be used again; `jax.random.split(key, n)`.
 *
 * @param k The key to split.
 * @param n How many keys to make, at least 1; 2 by default.
 * @returns `n` keys.
 * @throws {TypeError} If `k` is not a key.
 * @throws {RangeError} If `n` is not a positive integer.
 *
 * @example
 * ```ts
 * import { key, split } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const [next, subkey] = split(key(0));
 * assert.deepEqual([...next], [1797259609, 2579123966]);
 * assert.deepEqual([...subkey], [928981903, 3453687069]);
 * ```
 */
export function split(k: Key, n?: 2): [Key, Key];
/**
 * As many keys as are asked for.
 *
 * @param k The key to split.
 * @param n How many keys to make, at least 1.
 * @returns `n` keys.
 * @throws {TypeError} If `k` is not a key.
 * @throws {RangeError} If `n` is not a positive integer.
 */
export function split(k: Key, n?: number): Key[];
export function split(k: Key, n = 2): Key[] {
  checkKey("Cannot split", k);
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new RangeError(`Cannot split: expected n to be a positive integer, got ${show(n)}`);
  }
  return Array.from({ length: n }, (_, i) => threefry(k, Math.floor(i / 2 ** 32), i));
}

/**
 * A key from a key and a number, such as that of a step; `jax.random.fold_in(key, data)`.
 *
 * @param k The key, which may be folded again with other numbers.
 * @param data An integer from 0 to 2^32 - 1.
 * @returns The key for that number.
 * @throws {TypeError} If `k` is not a key.
 * @throws {RangeError} If `data` is not such an integer.
 *
 * @example
 * ```ts
 * import { foldIn, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * assert.notDeepEqual(foldIn(key(1), 0), foldIn(key(1), 1));
 * ```
 */
export function foldIn(k: Key, data: number): Key {
  checkKey("Cannot fold in", k);
  if (!Number.isInteger(data) || data < 0 || data >= 2 ** 32) {
    throw new RangeError(`Cannot fold in: expected an integer from 0 to 2^32 - 1, got ${show(data)}`);
  }
  return threefry(k, 0, data);
}
