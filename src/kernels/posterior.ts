import {
  f32_clamp,
  f32_gaussian_kl,
  f32_kl_columns,
  f32_kl_columns_bwd,
  f32_reparameterize,
  f32_reparameterize_bwd,
} from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** A diagonal Gaussian: mean and log-variance, both [B, Z]. */
export type Gaussian<T = Matrix> = { readonly mean: T; readonly logVar: T };

/** Bounds of the log-variance: a deviation from 3e-7 to 2e4, so that neither z nor the KL can overflow. */
export const LOG_VAR_BOUNDS: readonly [low: number, high: number] = [-30, 20];

/** Holds x within [low, high], in place. */
export function clamp(rt: Runtime, x: Matrix, [low, high]: readonly [number, number]): void {
  rt.run(f32_clamp, rt.parts(size(x)), x.ptr, low, high, size(x));
}

/** z = mean + exp(logVar / 2) eps. */
export function reparameterize(rt: Runtime, z: Matrix, { mean, logVar }: Gaussian, eps: Matrix): void {
  rt.run(f32_reparameterize, rt.parts(4 * size(z)), mean.ptr, logVar.ptr, eps.ptr, z.ptr, size(z));
}

/** The gradient of `loss(z) + scale KL` with respect to mean and logVar, from dz. */
export function reparameterizeBackward(
  rt: Runtime,
  out: Gaussian,
  dz: Matrix,
  { mean, logVar }: Gaussian,
  eps: Matrix,
  scale: number,
): void {
  const n = size(dz), [low, high] = LOG_VAR_BOUNDS;
  rt.run(
    f32_reparameterize_bwd,
    rt.parts(4 * n),
    dz.ptr,
    mean.ptr,
    logVar.ptr,
    eps.ptr,
    scale,
    low,
    high,
    out.mean.ptr,
    out.logVar.ptr,
    n,
  );
}

/** kl [B, 1]: the divergence of each row's Gaussian from N(0, I), in nats. */
export function gaussianKl(rt: Runtime, kl: Matrix, { mean, logVar }: Gaussian): void {
  rt.run(f32_gaussian_kl, rt.parts(4 * size(mean)), mean.ptr, logVar.ptr, kl.ptr, mean.rows, mean.cols);
}

/** kl [1, Z]: the divergence from N(0, I) in each dimension, its mean over the batch, in nats. */
export function klByDimension(rt: Runtime, kl: Matrix, { mean, logVar }: Gaussian): void {
  rt.run(f32_kl_columns, rt.parts(4 * size(mean)), mean.ptr, logVar.ptr, kl.ptr, mean.rows, mean.cols);
}

/** Adds to `d` the gradient of the sum over the batch of scales[j] KL_j; scales [1, Z]. */
export function klByDimensionBackward(rt: Runtime, d: Gaussian, { mean, logVar }: Gaussian, scales: Matrix): void {
  const [low, high] = LOG_VAR_BOUNDS, { rows, cols } = mean;
  rt.run(
    f32_kl_columns_bwd,
    rt.parts(4 * size(mean)),
    mean.ptr,
    logVar.ptr,
    scales.ptr,
    low,
    high,
    d.mean.ptr,
    d.logVar.ptr,
    rows,
    cols,
  );
}
