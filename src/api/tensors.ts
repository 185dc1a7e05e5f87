import { engine } from "../backend/start.ts";
import * as tf from "../backend/tf.ts";
import { dataOf } from "../backend/tfjs_wasm.ts";
import type { Matrix } from "../kernels/heap.ts";
import { describe } from "./describe.ts";

/** A tensor's bytes in the heap; tfjs moves them there if another backend has them. */
export function matrixOf(t: tf.Tensor): Matrix {
  const { memoryOffset } = dataOf(engine().backend, t);
  const cols = t.shape.at(-1) ?? 1;
  return { ptr: memoryOffset, rows: t.size / cols, cols };
}

/**
 * Checks a tensor and gives its bytes.
 *
 * @param action What cannot be done otherwise, such as `Cannot decode z`.
 * @param shape The shape that is wanted; a name stands for any size from 1.
 * @throws {TypeError} If it is no float32 tensor of that shape, or disposed of.
 */
export function checkTensor(action: string, t: tf.Tensor, shape: readonly (number | string)[]): Matrix {
  const wanted = `[${shape.join(", ")}]`;
  if (!(t instanceof tf.Tensor)) {
    throw new TypeError(`${action}: expected a float32 tensor of shape ${wanted}, got ${describe(t)}`);
  }
  if (t.isDisposed) throw new TypeError(`${action}: the tensor was disposed of or donated`);
  if (t.dtype !== "float32") throw new TypeError(`${action}: expected dtype float32, got ${t.dtype}`);
  const fits = t.shape.length === shape.length &&
    shape.every((size, i) => typeof size === "string" ? t.shape[i]! > 0 : t.shape[i] === size);
  if (!fits) throw new TypeError(`${action}: expected shape ${wanted}, got [${t.shape.join(", ")}]`);
  return matrixOf(t);
}

/** A new float32 tensor of undefined contents, and its bytes. */
export function emptyTensor<T extends tf.Tensor>(
  shape: readonly number[],
  dtype: "float32" | "int32" = "float32",
): tf.Owned<T> {
  const { backend } = engine(), action = `Cannot allocate a tensor of shape [${shape.join(", ")}]`;
  // tfjs counts the bytes of a tensor modulo 2^32.
  if (tf.util.sizeFromShape([...shape]) >= 2 ** 30) throw new RangeError(`${action}: the heap has 4 GiB`);
  return tensorOf<T>(backend.makeOutput([...shape], dtype));
}

/** A tensor on bytes that are in the heap. The backend is named because another one may be the active one. */
function tensorOf<T extends tf.Tensor>(info: tf.TensorInfo): tf.Owned<T> {
  return tf.engine().makeTensorFromTensorInfo(info, engine().backend as unknown as tf.KernelBackend) as tf.Owned<T>;
}

/** Whether nobody but `t` refers to its bytes. */
export function ownsBytes(t: tf.Tensor): boolean {
  return engine().backend.refCount(t.dataId) === 1;
}

/**
 * A new tensor on the bytes of `t`, which is disposed of. It has an identity of its own, so that tfjs cannot use `t` any
 * more, nor the packed weights that it keeps for it.
 */
export function takeBytes<T extends tf.Tensor>(t: T): T {
  const { backend } = engine(), data = dataOf(backend, t);
  const heir = tensorOf<T>(backend.makeOutput(t.shape, t.dtype, data.memoryOffset));
  data.memoryOffset = 0; // free(0) does nothing
  t.dispose();
  return heir;
}

/** Runs `body`: of the tensors made in it, those of its result stay; if it throws, none does. */
export function allOrNothing<T>(body: () => T): T {
  return tf.tidy(body);
}
