/**
 * Convolutions as products of matrices. Images are [B, H, W, C], row-major: a matrix [B H W, C], or [B, H W C], which is
 * the same memory. A window's patches are made for a few images at a time and forgotten at once, in the backward pass
 * too: they are KH KW / (strideHeight strideWidth) times as large as the images, so a tape that kept them would be most
 * of the memory of a step. Made anew, they are written and read in the cache.
 *
 * @module
 */
import { activate, activateBackward, type Activation, preActivation } from "../kernels/activation.ts";
import { gemm } from "../kernels/dense.ts";
import { type Matrix, size } from "../kernels/heap.ts";
import { col2im, type Col2imOptions, im2col, images, type Window } from "../kernels/patches.ts";
import type { Runtime } from "../kernels/runtime.ts";

/** Bytes of patches at a time, if one image has no more: what the second-level caches hold of them. */
const PATCH_BYTES = 1 << 20;

/** y = activation(the kernel's products with the patches of x + bias): kernel [KH KW C, O], bias [1, O]. */
export type ConvMatrices = { readonly kernel: Matrix; readonly bias: Matrix };

/** Its adjoint, from C channels to O: kernel [KH KW O, C], bias [1, O]. */
export type ConvTransposeMatrices = ConvMatrices;

/** What the backward pass needs of the forward one. */
export type ConvTape = {
  /** [B H W, C], or [B OH OW, C] where the convolution is transposed. */
  readonly x: Matrix;
  /** [B OH OW, O], or [B H W, O]. */
  readonly y: Matrix;
  /** As y: what the activation's derivative is computed from. */
  readonly saved: Matrix;
  readonly window: Window;
};

/**
 * The window of a 4 x 4 kernel with stride 2 and padding 1, that halves an image's height and width, rounding down:
 * 28 -> 14 -> 7 -> 3. Transposed, it doubles; it gives the 7 back from the 3 as well, since it knows both.
 *
 * @param height Of the image, in pixels: 2 or more.
 * @param width Likewise.
 * @param channels Of the image.
 * @throws {RangeError} If height or width is not an integer of 2 or more, or channels not one of 1 or more.
 */
export function halving(height: number, width: number, channels: number): Window {
  for (const [name, value, least] of [["height", height, 2], ["width", width, 2], ["channels", channels, 1]] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`Cannot halve images: expected ${name} to be an integer of ${least} or more, got ${value}`);
    }
  }
  return {
    ...{ height, width, channels },
    ...{ kernelHeight: 4, kernelWidth: 4, strideHeight: 2, strideWidth: 2, dilationHeight: 1, dilationWidth: 1 },
    ...{ top: 1, left: 1, outHeight: Math.floor(height / 2), outWidth: Math.floor(width / 2) },
  };
}

/**
 * A convolution, forward. x [B H W, C].
 *
 * @param out Where y [B OH OW, O] goes; without it, to the arena.
 */
export function convForward(
  rt: Runtime,
  { kernel, bias }: ConvMatrices,
  x: Matrix,
  window: Window,
  activation: Activation,
  out: Matrix = rt.arena.matrix(images(x, window) * window.outHeight * window.outWidth, kernel.cols),
): ConvTape {
  const pre = preActivation(rt, out, activation);
  eachFew(rt, images(x, window), window, (patches, few) => {
    im2col(rt, patches, few(x, window.channels), window);
    gemm(rt, few(pre, kernel.cols), patches, kernel, { bias, relu: activation === "relu" });
  });
  if (activation !== "relu" && activation !== "identity") activate(rt, out, pre, activation);
  return { x, y: out, saved: pre, window };
}

/**
 * A convolution, backward. Writes dkernel = patches^T d and dbias = sum of the rows of d, where d = dy activation'(...).
 *
 * @param grads Where the gradients go.
 * @param dy [B OH OW, O]; holds d afterwards.
 * @param dx Where the adjoint of d [B H W, C] goes; left out for a first layer.
 * @param accumulate Add to what dx holds.
 */
export function convBackward(
  rt: Runtime,
  { kernel }: ConvMatrices,
  grads: ConvMatrices,
  { x, saved, window }: ConvTape,
  dy: Matrix,
  activation: Activation,
  dx?: Matrix,
  accumulate = false,
): void {
  imagesBackward(rt, dy, saved, grads.bias, activation, images(x, window));
  convKernelGradient(rt, grads.kernel, x, dy, window);
  if (dx) spread(rt, dx, dy, kernel, window, { accumulate });
}

/**
 * dkernel [KH KW C, O] = the transposed patches of x times dy [B OH OW, O]. The sum runs over a few images after the
 * other, whose number depends on the window alone.
 */
export function convKernelGradient(rt: Runtime, dkernel: Matrix, x: Matrix, dy: Matrix, window: Window): void {
  eachFew(rt, images(x, window), window, (patches, few, first) => {
    im2col(rt, patches, few(x, window.channels), window);
    gemm(rt, dkernel, patches, few(dy, dkernel.cols), { ta: true, accumulate: !first });
  });
}

/**
 * A transposed convolution, forward: the adjoint of what `window` describes. x [B OH OW, C].
 *
 * @param window Of the convolution from y to x: its image is y, with O channels.
 * @param out Where y [B H W, O] goes; without it, to the arena.
 */
export function convTransposeForward(
  rt: Runtime,
  { kernel, bias }: ConvTransposeMatrices,
  x: Matrix,
  window: Window,
  activation: Activation,
  out: Matrix = rt.arena.matrix(pixelsOf(x, kernel, window), window.channels),
): ConvTape {
  const pre = preActivation(rt, out, activation);
  spread(rt, pre, x, kernel, window, { bias, relu: activation === "relu" });
  if (activation !== "relu" && activation !== "identity") activate(rt, out, pre, activation);
  return { x, y: out, saved: pre, window };
}

/**
 * A transposed convolution, backward. Writes dkernel = patches^T x and dbias = sum of the rows of d, where patches are
 * those of d = dy activation'(...).
 *
 * @param grads Where the gradients go.
 * @param dy [B H W, O]; holds d afterwards.
 * @param dx Where patches kernel [B OH OW, C] goes; left out for a first layer.
 * @param accumulate Add to what dx holds.
 */
export function convTransposeBackward(
  rt: Runtime,
  { kernel }: ConvTransposeMatrices,
  grads: ConvTransposeMatrices,
  { x, saved, window }: ConvTape,
  dy: Matrix,
  activation: Activation,
  dx?: Matrix,
  accumulate = false,
): void {
  const batch = images(dy, window);
  imagesBackward(rt, dy, saved, grads.bias, activation, batch);
  eachFew(rt, batch, window, (patches, few, first) => {
    im2col(rt, patches, few(dy, window.channels), window);
    gemm(rt, grads.kernel, patches, few(x, kernel.cols), { ta: true, accumulate: !first });
    if (dx) gemm(rt, few(dx, kernel.cols), patches, kernel, { accumulate });
  });
}

/** x [B H W, C] = what patches = y kernel^T add up to: the adjoint of a convolution. y [B OH OW, O]. */
function spread(
  rt: Runtime,
  x: Matrix,
  y: Matrix,
  kernel: Matrix,
  window: Window,
  options: Col2imOptions,
): void {
  eachFew(rt, images(x, window), window, (patches, few) => {
    gemm(rt, patches, few(y, kernel.cols), kernel, { tb: true });
    col2im(rt, few(x, window.channels), patches, window, options);
  });
}

/** B H W, from x [B OH OW, C]. */
function pixelsOf(x: Matrix, kernel: Matrix, { height, width, outHeight, outWidth }: Window): number {
  return size(x) / (kernel.cols * outHeight * outWidth) * height * width;
}

/**
 * dy *= activation'(saved), and dbias [1, O] = the sum of the new dy over all pixels: first over the images, then over
 * the pixels of one. So there are columns enough to share out, and the sums are short.
 */
function imagesBackward(
  rt: Runtime,
  dy: Matrix,
  saved: Matrix,
  dbias: Matrix,
  activation: Activation,
  batch: number,
): void {
  const cols = size(dy) / batch;
  rt.arena.scope(() => {
    const sum = rt.arena.matrix(1, cols);
    activateBackward(rt, { ptr: dy.ptr, rows: batch, cols }, saved, sum, activation);
    activateBackward(rt, { ptr: sum.ptr, rows: cols / dbias.cols, cols: dbias.cols }, sum, dbias, "identity");
  });
}

/**
 * Calls `body` for a few images after the other: with room for their patches [., KH KW C], which the next images get
 * again, and with a function that cuts their share, in rows of `cols`, out of a matrix of the whole batch.
 */
function eachFew(
  rt: Runtime,
  batch: number,
  window: Window,
  body: (patches: Matrix, few: (whole: Matrix, cols: number) => Matrix, first: boolean) => void,
): void {
  const rows = window.outHeight * window.outWidth;
  const cols = window.kernelHeight * window.kernelWidth * window.channels;
  const most = Math.min(batch, Math.max(1, Math.floor(PATCH_BYTES / (4 * rows * cols))));
  rt.arena.scope(() => {
    const { ptr } = rt.arena.matrix(most * rows, cols);
    for (let from = 0; from < batch; from += most) {
      const n = Math.min(most, batch - from);
      const few = (whole: Matrix, cols: number) => {
        const each = size(whole) / batch;
        return { ptr: whole.ptr + 4 * from * each, rows: n * each / cols, cols };
      };
      body({ ptr, rows: n * rows, cols }, few, from === 0);
    }
  });
}
