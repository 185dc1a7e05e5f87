import { f32_importance_bwd, f32_log_ratio, f32_scale_rows } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import { type Gaussian, LOG_VAR_BOUNDS } from "./posterior.ts";
import type { Runtime } from "./runtime.ts";

/** ratio [B, 1] = log q(z | x) - log p(z) for z = mean + exp(logVar / 2) eps, in nats. */
export function logRatio(rt: Runtime, ratio: Matrix, z: Matrix, eps: Matrix, logVar: Matrix): void {
  rt.run(f32_log_ratio, rt.parts(size(z)), z.ptr, eps.ptr, logVar.ptr, ratio.ptr, z.rows, z.cols);
}

/** Multiplies each row of x by its weight, in place; weights [B, 1]. */
export function scaleRows(rt: Runtime, x: Matrix, weights: Matrix): void {
  rt.run(f32_scale_rows, rt.parts(size(x)), x.ptr, weights.ptr, x.rows, x.cols);
}

/** One sample of each example, and what its gradient is made of; all [B, Z] but the weights [B, 1]. */
export type WeightedSample = {
  /** The decoder's gradient by z, weights included. */
  readonly dz: Matrix;
  readonly z: Matrix;
  readonly eps: Matrix;
  readonly logVar: Matrix;
  readonly weights: Matrix;
};

/**
 * Adds to `d` what one sample gives to the gradient by mean and logVar: of IWAE, or if `pathwise` of its doubly
 * reparameterized estimator. `scale` is the weight of `log q - log p` over the number of examples.
 */
export function importanceBackward(
  rt: Runtime,
  d: Gaussian,
  { dz, z, eps, logVar, weights }: WeightedSample,
  { scale, pathwise }: { readonly scale: number; readonly pathwise: boolean },
): void {
  const [low, high] = LOG_VAR_BOUNDS;
  rt.run(
    f32_importance_bwd,
    rt.parts(4 * size(z)),
    Number(pathwise),
    dz.ptr,
    z.ptr,
    logVar.ptr,
    eps.ptr,
    weights.ptr,
    scale,
    low,
    high,
    d.mean.ptr,
    d.logVar.ptr,
    z.rows,
    z.cols,
  );
}
