import { type Affine, EPSILON } from "./batch_norm.ts";
import { f32_group_norm, f32_group_norm_bwd, f32_group_norm_bwd_affine } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** What x [B, P, C] is normalized over: all pixels of C / G neighbouring channels. Layer normalization is G = 1. */
export type Grouping = {
  /** P: 1 where examples are vectors. */
  readonly pixels: number;
  /** C */
  readonly channels: number;
  /** G: a divisor of C. */
  readonly groups: number;
};

/** Of each group of an example, both [B, G]: the mean, and 1 / sqrt(variance + EPSILON). */
export type GroupStatistics = { readonly mean: Matrix; readonly inverse: Matrix };

/** Elements of a plain elementwise kernel that one element here is worth. */
const COST = 4;

/**
 * y = (x - mean) inverse scale + offset, all of [B, P, C], by the statistics of x's groups, which go to `saved`; scale
 * and offset [1, C]. y may be x, but the backward pass reads x.
 *
 * @throws {RangeError} If the groups do not divide the channels.
 */
export function normalizeGroups(
  rt: Runtime,
  y: Matrix,
  saved: GroupStatistics,
  x: Matrix,
  { scale, offset }: Affine,
  grouping: Grouping,
): void {
  rt.run(
    f32_group_norm,
    rt.parts(COST * size(x)),
    x.ptr,
    scale.ptr,
    offset.ptr,
    EPSILON,
    saved.mean.ptr,
    saved.inverse.ptr,
    y.ptr,
    ...geometry(x, grouping),
  );
}

/** dx [B, P, C], dscale and doffset [1, C] of {@linkcode normalizeGroups}, through the statistics too; dx may be dy or x. */
export function normalizeGroupsBackward(
  rt: Runtime,
  dx: Matrix,
  grads: Affine,
  dy: Matrix,
  x: Matrix,
  saved: GroupStatistics,
  scale: Matrix,
  grouping: Grouping,
): void {
  const parts = rt.parts(COST * size(x)), statistics = [saved.mean.ptr, saved.inverse.ptr] as const;
  const shape = geometry(x, grouping);
  // These first, since dx may take the place of what they read.
  rt.run(
    f32_group_norm_bwd_affine,
    parts,
    dy.ptr,
    x.ptr,
    ...statistics,
    grads.scale.ptr,
    grads.offset.ptr,
    ...shape,
  );
  rt.run(f32_group_norm_bwd, parts, dy.ptr, x.ptr, scale.ptr, ...statistics, dx.ptr, ...shape);
}

/** The last arguments of all three kernels. */
function geometry(x: Matrix, { pixels, channels, groups }: Grouping) {
  if (channels % groups !== 0) {
    throw new RangeError(`Cannot normalize groups: expected a divisor of ${channels} channels, got ${groups} groups`);
  }
  return [size(x) / (pixels * channels), pixels, channels, groups] as const;
}
