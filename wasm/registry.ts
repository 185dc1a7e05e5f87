/**
 * Every kernel, once: tests and benches both walk this list. A kernel that is not on it fails tests/kernels.
 *
 * @module
 */
import { f32_activation, f32_activation_bwd } from "./reference/activation.ts";
import { f32_adam } from "./reference/adam.ts";
import { f32_add } from "./reference/add.ts";
import { f32_average } from "./reference/average.ts";
import {
  f32_batch_norm,
  f32_batch_norm_apply,
  f32_batch_norm_bwd,
  f32_batch_norm_drift,
} from "./reference/batch_norm.ts";
import { f32_bernoulli_nll } from "./reference/bernoulli.ts";
import { f32_copy_columns } from "./reference/columns.ts";
import {
  f32_continuous_bernoulli_mean,
  f32_continuous_bernoulli_nll,
  f32_continuous_bernoulli_sample,
} from "./reference/continuous_bernoulli.ts";
import { f32_dropout } from "./reference/dropout.ts";
import { f32_embed, f32_embed_bwd, f32_one_hot } from "./reference/embedding.ts";
import { f32_gate, f32_gate_bwd } from "./reference/gate.ts";
import { f32_find_outside, f32_gather } from "./reference/gather.ts";
import { f32_clamp, f32_gaussian_kl, f32_reparameterize, f32_reparameterize_bwd } from "./reference/gaussian.ts";
import {
  f32_gaussian_nll,
  f32_gaussian_pixel_nll,
  f32_gaussian_pixel_sample,
  f32_gaussian_sample,
} from "./reference/gaussian_nll.ts";
import { f32_gemm } from "./reference/gemm.ts";
import { f32_group_norm, f32_group_norm_bwd, f32_group_norm_bwd_affine } from "./reference/group_norm.ts";
import { f32_importance_bwd, f32_log_ratio, f32_scale_rows } from "./reference/importance.ts";
import { f32_kl_columns, f32_kl_columns_bwd } from "./reference/kl.ts";
import { f32_laplace_nll, f32_laplace_sample } from "./reference/laplace.ts";
import { f32_logistic_mean, f32_logistic_nll, f32_logistic_sample } from "./reference/logistic.ts";
import { f32_firsts } from "./reference/pairs.ts";
import { f32_col2im, f32_im2col } from "./reference/patches.ts";
import { f32_sum_squares } from "./reference/sum_squares.ts";
import { f32_bernoulli, f32_normal, f32_uniform, u32_bits } from "./reference/threefry.ts";
import {
  f32_total_correlation,
  f32_total_correlation_dq,
  f32_total_correlation_dz,
  f32_total_correlation_table,
} from "./reference/total_correlation.ts";
import { f32_upsample, f32_upsample_bwd } from "./reference/upsample.ts";
import type { Entry } from "./reference/entry.ts";

export type { Buffers, Entry, Expected, Numbers, Values } from "./reference/entry.ts";
export { type Call, prepare } from "./reference/call.ts";

/** Kernel, float64 reference, tolerance, domain, sizes and work; see {@linkcode Entry}. */
export const REGISTRY: readonly Entry[] = [
  f32_activation,
  f32_activation_bwd,
  f32_adam,
  f32_add,
  f32_average,
  f32_batch_norm,
  f32_batch_norm_apply,
  f32_batch_norm_bwd,
  f32_batch_norm_drift,
  f32_bernoulli_nll,
  f32_copy_columns,
  f32_continuous_bernoulli_nll,
  f32_continuous_bernoulli_mean,
  f32_continuous_bernoulli_sample,
  f32_dropout,
  f32_embed,
  f32_one_hot,
  f32_embed_bwd,
  f32_gate,
  f32_gate_bwd,
  f32_gather,
  f32_find_outside,
  f32_clamp,
  f32_reparameterize,
  f32_reparameterize_bwd,
  f32_gaussian_kl,
  f32_gaussian_nll,
  f32_gaussian_sample,
  f32_gaussian_pixel_nll,
  f32_gaussian_pixel_sample,
  f32_gemm,
  f32_group_norm,
  f32_group_norm_bwd,
  f32_group_norm_bwd_affine,
  f32_log_ratio,
  f32_scale_rows,
  f32_importance_bwd,
  f32_kl_columns,
  f32_kl_columns_bwd,
  f32_laplace_nll,
  f32_laplace_sample,
  f32_logistic_nll,
  f32_logistic_mean,
  f32_logistic_sample,
  f32_firsts,
  f32_im2col,
  f32_col2im,
  f32_sum_squares,
  u32_bits,
  f32_uniform,
  f32_normal,
  f32_bernoulli,
  f32_total_correlation_table,
  f32_total_correlation,
  f32_total_correlation_dz,
  f32_total_correlation_dq,
  f32_upsample,
  f32_upsample_bwd,
];
