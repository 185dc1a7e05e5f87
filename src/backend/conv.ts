import { floats, type Matrix, size } from "../kernels/heap.ts";
import type { Window } from "../kernels/patches.ts";
import { convKernelGradient } from "../layers/conv.ts";
import type { Site } from "./matmul.ts";
import * as tf from "./tf.ts";
import { dataOf } from "./tfjs_wasm.ts";

/** The operands of tfjs's `Conv2DBackpropFilter`: images, and the gradient of their convolution. */
export type FilterGradientInputs = { readonly x: tf.TensorInfo; readonly dy: tf.TensorInfo };

/** Its attributes. */
export type FilterGradientAttributes = {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: string;
  readonly dimRoundingMode?: "floor" | "round" | "ceil" | undefined;
  /** [KH, KW, C, O] */
  readonly filterShape: Shape4;
};

type Shape4 = [number, number, number, number];

/**
 * The gradient of a convolution's filter [KH, KW, C, O], which tfjs's wasm backend has no kernel for: x [B, H, W, C],
 * dy [B, OH, OW, O].
 *
 * @throws {Error} If x or dy is not float32, or the images are not NHWC, as tfjs's own kernels of a convolution do.
 * @throws {TypeError} If shapes do not fit.
 * @throws {RangeError} If the heap has no room for the result.
 */
export function conv2DFilterGradient(
  site: Site,
  { x, dy }: FilterGradientInputs,
  { strides, pad, dataFormat, dimRoundingMode, filterShape }: FilterGradientAttributes,
): tf.TensorInfo {
  const { backend, runtime: rt } = site;
  if (x.dtype !== "float32" || dy.dtype !== "float32") {
    throw new Error(
      `Cannot compute a filter's gradient from ${x.dtype} images and ${dy.dtype} gradients: ` +
        "the wasm backend convolves float32 images only",
    );
  }
  if (dataFormat !== "NHWC") {
    throw new Error(
      `Cannot compute a filter's gradient: the wasm backend convolves NHWC images only, got ${dataFormat}`,
    );
  }
  if (x.shape.length !== 4 || filterShape.length !== 4 || x.shape[3] !== filterShape[2]) {
    throw new TypeError(
      `Cannot compute the gradient of a filter [${filterShape}]: expected images [B, H, W, C] and a filter ` +
        `[KH, KW, C, O], got images [${x.shape}]`,
    );
  }
  const shape = x.shape as Shape4;
  const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  if (!tf.util.arraysEqual(dy.shape, info.outShape)) {
    throw new TypeError(
      `Cannot compute the gradient of a filter [${filterShape}] over images [${shape}]: ` +
        `expected dy to have shape [${info.outShape}], got [${dy.shape}]`,
    );
  }
  // tfjs moves an operand here if another backend has it; that may take room, so both come before the result.
  const images = dataOf(backend, x).memoryOffset, gradients = dataOf(backend, dy).memoryOffset;
  const out = backend.makeOutput(filterShape, "float32");
  const matrix = (ptr: number, [a, b, c, cols]: Shape4): Matrix => ({ ptr, rows: a * b * c, cols });
  const dkernel = matrix(dataOf(backend, out).memoryOffset, filterShape);
  if (size(dkernel) === 0) return out;
  if (tf.util.sizeFromShape(dy.shape) === 0) {
    floats(rt.heap, dkernel).fill(0);
    return out;
  }
  convKernelGradient(rt, dkernel, matrix(images, shape), matrix(gradients, info.outShape), windowOf(info));
  return out;
}

/** tfjs's description of a convolution as ours. */
function windowOf(info: tf.backend_util.Conv2DInfo): Window {
  return {
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
  };
}
