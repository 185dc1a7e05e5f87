import { runtime } from "../backend/start.ts";
import * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { Dataset } from "../data/dataset.ts";
import type { Images } from "../data/images.ts";
import { gather } from "../kernels/batch.ts";
import { drawBernoulli } from "../kernels/draw.ts";
import { checkKey, type Key } from "../random.ts";
import { describe } from "./describe.ts";
import { emptyTensor, matrixOf } from "./tensors.ts";

/**
 * Puts images into the heap, as bytes, for training and evaluation. The caller owns the result: `dispose()`, or `using`.
 *
 * @param images `pixels`, uint8, row by row, image by image: `count` x `height` x `width` bytes; and `labels`, integers
 * from 0 to 255, one per image, if there are any.
 * @returns The dataset.
 * @throws {TypeError} If a field is unknown or of the wrong type, or there are not as many bytes or labels as the sizes
 * say.
 * @throws {RangeError} If a size is no positive integer, or a label no integer from 0 to 255.
 *
 * @example
 * ```ts
 * import { dataset } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(3 * 4), count: 3, height: 2, width: 2 });
 * assert.equal(data.size, 4);
 * ```
 */
export function dataset(images: Images): Dataset {
  if (images as unknown instanceof tf.Tensor) {
    const hint = "tensors go to step, encode and loss as they are";
    throw new TypeError(
      `Cannot make a dataset: expected { pixels, count, height, width }, got ${describe(images)}; ${hint}`,
    );
  }
  return new Dataset(runtime().heap, images);
}

/** How gray pixels are used: as they are, or drawn as 0 or 1 at each use. */
export type Binarize = "none" | "dynamic";

/** Options of {@linkcode batch}. */
export type BatchOptions = {
  /** `"dynamic"` makes each pixel 1 with the probability that its gray value is, else 0; default `"none"`. */
  readonly binarize?: Binarize | undefined;
  /** The random key of `binarize: "dynamic"`, and of nothing else. */
  readonly key?: Key | undefined;
};

/** The names of {@linkcode BatchOptions}. */
export const BATCH: Names<BatchOptions> = { binarize: true, key: true };

/**
 * Checks the options that say how pixels are binarized.
 *
 * @param action What cannot be done otherwise.
 * @returns The key to binarize with; undefined where pixels are used as they are.
 * @throws {TypeError} If `binarize` is a key, as it was in 0.1, `"dynamic"` has no key, or a key has no `binarize`.
 * @throws {RangeError} If `binarize` is another text than the two.
 */
export function binarizeKey(action: string, { binarize, key }: BatchOptions): Key | undefined {
  if (binarize === undefined && key !== undefined) {
    throw new TypeError(`${action}: expected binarize: "dynamic" beside key, got key alone, which would do nothing`);
  }
  checkBinarize(action, binarize ?? "none");
  if (binarize !== "dynamic") return undefined;
  checkKey(`${action} with binarize "dynamic"`, key as Key);
  return key;
}

/** Throws unless `binarize` is one of the two words. */
export function checkBinarize(action: string, binarize: Binarize): void {
  if (binarize === "none" || binarize === "dynamic") return;
  const wanted = `${action}: expected binarize to be "none" or "dynamic"`;
  if (Array.isArray(binarize)) throw new TypeError(`${wanted}, got a key; write { binarize: "dynamic", key }`);
  throw new RangeError(`${wanted}, got ${show(binarize)}`);
}

/**
 * Returns a batch of examples, scaled to [0, 1]: byte / 255, or binarized, each pixel 1 with that probability and else 0
 * (dynamic binarization: Salakhutdinov and Murray, On the Quantitative Analysis of Deep Belief Networks, 2008).
 *
 * The caller owns the result.
 *
 * @param data The dataset.
 * @param indices Which examples, each from 0 to `data.count - 1`; at least one.
 * @param options `binarize`, and its `key`.
 * @returns float32 [indices.length, data.size].
 * @throws {TypeError} If `data` is no dataset, `key` is missing or not a key, or an option is unknown.
 * @throws {RangeError} If an index is out of range, or there is none.
 *
 * @example
 * ```ts
 * import { batch, dataset, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: Uint8Array.of(0, 51, 102, 255), count: 2, height: 1, width: 2 });
 * assert.deepEqual([...batch(data, [1]).dataSync()], [Math.fround(0.4), 1]);
 * assert.deepEqual(batch(data, [0, 1], { binarize: "dynamic", key: key(0) }).shape, [2, 2]);
 * ```
 */
export function batch(data: Dataset, indices: ArrayLike<number>, options: BatchOptions = {}): tf.Owned {
  const action = "Cannot make a batch", n = indices?.length;
  const key = binarizeKey(action, checkOptions(action, options, BATCH));
  checkDataset(action, data);
  if (typeof n !== "number" || typeof indices === "string") {
    throw new TypeError(`${action}: expected an array of indices, got ${describe(indices)}`);
  }
  if (n === 0) throw new RangeError(`${action}: expected at least one index, got none`);
  for (let i = 0; i < n; i++) {
    const index = indices[i]!;
    if (Number.isInteger(index) && index >= 0 && index < data.count) continue;
    throw new RangeError(`${action}: expected indices from 0 to ${data.count - 1}, got ${show(index)} at ${i}`);
  }
  const rt = runtime(), images = data.pointer(rt.heap);
  const x = emptyTensor<tf.Tensor2D>([n, data.size]), out = matrixOf(x);
  rt.arena.scope(() => {
    const list = rt.arena.take(4 * n);
    new Int32Array(rt.heap.memory.buffer, list, n).set(indices);
    gather(rt, out, images, list);
    if (key) drawBernoulli(rt, out, key, out);
  });
  return x;
}

/** Throws a `TypeError` unless `data` is a dataset. */
export function checkDataset(action: string, data: unknown, what = "a dataset"): asserts data is Dataset {
  if (data instanceof Dataset) return;
  const hint = data instanceof tf.Tensor
    ? "; a dataset is made of bytes by dataset(…), tensors go to step and loss"
    : "";
  throw new TypeError(`${action}: expected ${what} made by dataset, got ${describe(data)}${hint}`);
}
