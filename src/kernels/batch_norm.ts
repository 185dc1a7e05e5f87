import { f32_batch_norm, f32_batch_norm_apply, f32_batch_norm_bwd, f32_batch_norm_drift } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** The mean and the variance of each column, both [1, H]. */
export type Statistics = { readonly mean: Matrix; readonly variance: Matrix };

/** What a normalized column is multiplied with, and what is added to it, both [1, H]. */
export type Affine = { readonly scale: Matrix; readonly offset: Matrix };

/** Added to the variance: Ioffe and Szegedy's epsilon, as large as PyTorch has it. */
export const EPSILON = 1e-5;

/**
 * y = (x - mean) / sqrt(variance + EPSILON) scale + offset, all of [B, H], by the mean and the biased variance of x's
 * columns, which go to `batch`. y may be x, but the backward pass reads x.
 */
export function normalize(rt: Runtime, y: Matrix, batch: Statistics, x: Matrix, { scale, offset }: Affine): void {
  rt.run(
    f32_batch_norm,
    rt.parts(4 * size(x)),
    x.ptr,
    scale.ptr,
    offset.ptr,
    EPSILON,
    batch.mean.ptr,
    batch.variance.ptr,
    y.ptr,
    x.rows,
    x.cols,
  );
}

/** The same y by statistics that are given; y may be x. */
export function normalizeBy(rt: Runtime, y: Matrix, given: Statistics, x: Matrix, { scale, offset }: Affine): void {
  rt.run(
    f32_batch_norm_apply,
    rt.parts(size(x)),
    x.ptr,
    scale.ptr,
    offset.ptr,
    EPSILON,
    given.mean.ptr,
    given.variance.ptr,
    y.ptr,
    x.rows,
    x.cols,
  );
}

/** dx [B, H], dscale and doffset [1, H] of {@linkcode normalize}, through the statistics too; dx may be dy or x. */
export function normalizeBackward(
  rt: Runtime,
  dx: Matrix,
  grads: Affine,
  dy: Matrix,
  x: Matrix,
  batch: Statistics,
  scale: Matrix,
): void {
  rt.run(
    f32_batch_norm_bwd,
    rt.parts(4 * size(x)),
    dy.ptr,
    x.ptr,
    scale.ptr,
    EPSILON,
    batch.mean.ptr,
    batch.variance.ptr,
    grads.scale.ptr,
    grads.offset.ptr,
    dx.ptr,
    x.rows,
    x.cols,
  );
}

/** out = running - batch, with the batch's variance made unbiased: times B / (B - 1), but biased for B = 1. */
export function drift(rt: Runtime, out: Statistics, running: Statistics, batch: Statistics, B: number): void {
  const n = size(batch.mean);
  rt.run(
    f32_batch_norm_drift,
    rt.parts(n),
    batch.mean.ptr,
    batch.variance.ptr,
    running.mean.ptr,
    running.variance.ptr,
    B > 1 ? B / (B - 1) : 1,
    out.mean.ptr,
    out.variance.ptr,
    n,
  );
}
