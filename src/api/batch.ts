import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { Dataset } from "../data/dataset.ts";
import type { Images } from "../data/images.ts";
import { gather } from "../kernels/batch.ts";
import { drawBernoulli } from "../kernels/draw.ts";
import { checkKey, type Key } from "../random.ts";
import { emptyTensor, matrixOf } from "./tensors.ts";

/**
 * Puts images into the heap, as bytes, for training and evaluation. The caller owns the result: `dispose()`, or `using`.
 *
 * @param images Pixels, uint8, row by row, image by image: count x height x width bytes.
 * @returns The dataset.
 * @throws {TypeError} If there are not as many bytes as the sizes say.
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
  return new Dataset(runtime().heap, images);
}

/**
 * A batch of examples, scaled to [0, 1]: byte / 255, or with a key, each pixel 1 with that probability and else 0 (dynamic
 * binarization: Salakhutdinov and Murray, On the Quantitative Analysis of Deep Belief Networks, 2008).
 *
 * The caller owns the result.
 *
 * @param data Where from.
 * @param indices Which examples, each from 0 to `data.count - 1`; at least one.
 * @param options.binarize Binarize, with this key.
 * @returns float32 [indices.length, data.size].
 * @throws {RangeError} If an index is out of range, or there is none.
 *
 * @example
 * ```ts
 * import { batch, dataset } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: Uint8Array.of(0, 51, 102, 255), count: 2, height: 1, width: 2 });
 * assert.deepEqual([...batch(data, [1]).dataSync()], [Math.fround(0.4), 1]);
 * ```
 */
export function batch(
  data: Dataset,
  indices: ArrayLike<number>,
  options: { readonly binarize?: Key } = {},
): tf.Owned {
  const { binarize } = options, n = indices.length;
  if (binarize !== undefined) checkKey("Cannot cut a batch", binarize);
  if (n === 0) throw new RangeError("Cannot cut a batch: expected at least one index, got none");
  for (let i = 0; i < n; i++) {
    const index = indices[i];
    if (Number.isInteger(index) && index >= 0 && index < data.count) continue;
    throw new RangeError(`Cannot cut a batch: expected indices from 0 to ${data.count - 1}, got ${index} at ${i}`);
  }
  const rt = runtime(), images = data.pointer(rt.heap);
  const x = emptyTensor<tf.Tensor2D>([n, data.size]), out = matrixOf(x);
  rt.arena.scope(() => {
    const list = rt.arena.take(4 * n);
    new Int32Array(rt.heap.memory.buffer, list, n).set(indices);
    gather(rt, out, images, list);
    if (binarize) drawBernoulli(rt, out, binarize, out);
  });
  return x;
}
