import { f32_col2im, f32_im2col } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** Flags of f32_col2im, as wasm/kernels/patches.ts names them. */
const ACCUMULATE = 1, RELU = 2;

/**
 * How a convolution's kernel moves over an image. Row `oy` of the result sees the image's rows
 * `oy strideHeight - top + ky dilationHeight` for `ky` from 0 to `kernelHeight - 1`; columns likewise. What lies outside
 * of the image is 0. Both sizes are told, since many images can have the same number of patches.
 */
export type Window = {
  /** Of the image. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Rows of zeros above the image, 0 or more; those below it follow from `outHeight`. */
  readonly top: number;
  readonly left: number;
  /** Patches from top to bottom. */
  readonly outHeight: number;
  readonly outWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
};

/** What {@linkcode col2im} does besides. */
export type Col2imOptions = {
  /** [1, C]: added to each pixel. */
  readonly bias?: Matrix | undefined;
  /** Add to what `x` holds. */
  readonly accumulate?: boolean | undefined;
  /** max(0, .) of the result. */
  readonly relu?: boolean | undefined;
};

/** The number of images in x [B H W, C], whatever its rows and columns. */
export function images(x: Matrix, { height, width, channels }: Window): number {
  return size(x) / (height * width * channels);
}

/** patches [B OH OW, KH KW C] = what the kernel sees of x [B H W, C] at each of its places, 0 outside of the image. */
export function im2col(rt: Runtime, patches: Matrix, x: Matrix, window: Window): void {
  rt.run(f32_im2col, rt.parts(size(patches)), x.ptr, patches.ptr, ...geometry(images(x, window), window));
}

/** The adjoint of {@linkcode im2col}: x [B H W, C] = the sum, for each pixel, of the patches' elements that are of it. */
export function col2im(rt: Runtime, x: Matrix, patches: Matrix, window: Window, options: Col2imOptions = {}): void {
  const { bias, accumulate = false, relu = false } = options;
  rt.run(
    f32_col2im,
    rt.parts(size(patches)),
    patches.ptr,
    x.ptr,
    bias?.ptr ?? 0,
    (accumulate ? ACCUMULATE : 0) | (relu ? RELU : 0),
    ...geometry(images(x, window), window),
  );
}

/** The last arguments of both kernels. */
function geometry(batch: number, w: Window) {
  return [
    ...[batch, w.height, w.width, w.channels, w.kernelHeight, w.kernelWidth] as const,
    ...[w.strideHeight, w.strideWidth, w.top, w.left, w.outHeight, w.outWidth] as const,
    ...[w.dilationHeight, w.dilationWidth] as const,
  ] as const;
}
