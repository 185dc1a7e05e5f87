import {
  f32_total_correlation,
  f32_total_correlation_dq,
  f32_total_correlation_dz,
  f32_total_correlation_table,
} from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import { type Gaussian, LOG_VAR_BOUNDS } from "./posterior.ts";
import type { Runtime } from "./runtime.ts";

/** A log density and its exponential cost about as much as so many elements of a plain elementwise kernel. */
const COST = 8;

/** What the gradients of {@linkcode totalCorrelation} need. */
export type TotalCorrelationTape = {
  /** [B, Z] */
  readonly z: Matrix;
  readonly posterior: Gaussian;
  /** [3 Z, S]: each example's constants by latent variable, where S is B rounded up to a multiple of 4. */
  readonly table: Matrix;
  /** [B, S]: how much each example of the batch has to do with z, all latent variables together. */
  readonly weights: Matrix;
  /** [B, Z]: log of the sum over the batch of the density of z_d. */
  readonly logMarginals: Matrix;
};

/**
 * tc [B, 1] = log q(z) - sum over d of log q(z_d), in nats: each example's part in the total correlation of the aggregate
 * posterior q(z). It is estimated from the batch, log q(z_i) = log 1/B sum over j of q(z_i | x_j). Minibatch-weighted
 * sampling (Chen et al., Isolating Sources of Disentanglement in Variational Autoencoders, 2018, appendix C.1) has
 * 1/(N B) in place of 1/B, N the size of the dataset: that adds the constant (Z - 1) log N to tc and changes no gradient.
 * The loss of their beta-TC-VAE is the VAE's plus beta - 1 times the batch's mean of tc. Takes time B^2 Z and memory B^2.
 *
 * @param tc Where it goes.
 * @param z [B, Z], row i drawn from row i of the posterior.
 * @returns What the gradients need, in the arena.
 */
export function totalCorrelation(
  rt: Runtime,
  tc: Matrix,
  z: Matrix,
  posterior: Gaussian,
): TotalCorrelationTape {
  const { rows: B, cols: Z } = z, S = Math.ceil(B / 4) * 4;
  const table = rt.arena.matrix(3 * Z, S), weights = rt.arena.matrix(B, S), logMarginals = rt.arena.matrix(B, Z);
  const { mean, logVar } = posterior;
  rt.run(f32_total_correlation_table, rt.parts(COST * size(z)), mean.ptr, logVar.ptr, table.ptr, B, Z);
  rt.run(
    f32_total_correlation,
    work(rt, z),
    z.ptr,
    table.ptr,
    Math.log(B),
    tc.ptr,
    weights.ptr,
    logMarginals.ptr,
    B,
    Z,
  );
  return { z, posterior, table, weights, logMarginals };
}

/** Adds to dz [B, Z] the gradient of scale times the sum of tc by z. */
export function totalCorrelationToCode(
  rt: Runtime,
  dz: Matrix,
  { z, table, weights, logMarginals }: TotalCorrelationTape,
  scale: number,
): void {
  rt.run(
    f32_total_correlation_dz,
    work(rt, z),
    z.ptr,
    table.ptr,
    weights.ptr,
    logMarginals.ptr,
    scale,
    dz.ptr,
    z.rows,
    z.cols,
  );
}

/**
 * Adds to d, both [B, Z], the gradient of scale times the sum of tc by the posterior for a given z: not the way through
 * z, which begins with {@linkcode totalCorrelationToCode}. Where logVar is at one of {@linkcode LOG_VAR_BOUNDS} nothing
 * is added to its gradient.
 */
export function totalCorrelationToPosterior(
  rt: Runtime,
  d: Gaussian,
  { z, posterior, table, weights, logMarginals }: TotalCorrelationTape,
  scale: number,
): void {
  const [low, high] = LOG_VAR_BOUNDS;
  rt.run(
    f32_total_correlation_dq,
    work(rt, z),
    z.ptr,
    table.ptr,
    weights.ptr,
    logMarginals.ptr,
    scale,
    posterior.logVar.ptr,
    low,
    high,
    d.mean.ptr,
    d.logVar.ptr,
    z.rows,
    z.cols,
  );
}

/** Into how many parts to cut what goes over each pair of examples. */
function work(rt: Runtime, z: Matrix): number {
  return rt.parts(COST * size(z) * z.rows);
}
