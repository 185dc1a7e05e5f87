/** What objectives add to the ELBO, or take from it: free bits, and the total correlation. */
import { floats, type Matrix } from "../kernels/heap.ts";
import { type Gaussian, klByDimension } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { totalCorrelation, type TotalCorrelationTape } from "../kernels/total_correlation.ts";
import type { Objective } from "./objective.ts";
import type { Terms } from "./terms.ts";

/** What free bits change: the KL that is punished, for each example, and each dimension's weight in the gradient. */
export type FreeBits = { readonly kl: number; readonly scales: Matrix };

/**
 * The sum over dimensions of max(freeBits, KL_j), KL_j the mean over the batch: a dimension below it is not pulled any
 * closer to the prior.
 */
export function freeBits(rt: Runtime, posterior: Gaussian, { freeBits: least, beta }: Objective): FreeBits | undefined {
  if (least === 0) return undefined;
  const { rows, cols } = posterior.mean, scales = rt.arena.matrix(1, cols);
  klByDimension(rt, scales, posterior);
  const values = floats(rt.heap, scales);
  let kl = 0;
  for (let j = 0; j < cols; j++) {
    kl += Math.max(least, values[j]!);
    values[j] = values[j]! > least ? beta / rows : 0;
  }
  return { kl, scales };
}

/** The weight of the KL term itself: beta-TC weighs a part of it, on top. */
export function klWeight({ objective, beta }: Objective): number {
  return objective === "beta-tc" ? 1 : beta;
}

/** The total correlation of a batch, [B, 1], what it is multiplied with in the loss, and what its gradient needs. */
export type Penalty = { readonly tc: Matrix; readonly weight: number; readonly tape: TotalCorrelationTape };

/**
 * The total correlation that beta-TC punishes on top of the KL, which contains it once: Chen et al. (2018), equation 4
 * with alpha = gamma = 1.
 */
export function penalty(rt: Runtime, z: Matrix, posterior: Gaussian, settings: Objective): Penalty | undefined {
  const { objective, beta } = settings;
  if (objective !== "beta-tc") return undefined;
  const tc = rt.arena.matrix(z.rows, 1), tape = totalCorrelation(rt, tc, z, posterior);
  return { tc, weight: beta - 1, tape };
}

/**
 * loss = reconstruction + beta kl, with the batch's punished KL in place of each example's where bits are free, and the
 * total correlation where it is punished.
 */
export function addUp(
  rt: Runtime,
  { loss, reconstruction, kl }: Terms,
  settings: Objective & { readonly free?: FreeBits | undefined; readonly tc?: Penalty | undefined },
): void {
  const total = floats(rt.heap, loss), nll = floats(rt.heap, reconstruction), divergence = floats(rt.heap, kl);
  const { free, tc } = settings, weight = klWeight(settings), correlation = tc && floats(rt.heap, tc.tc);
  for (let b = 0; b < total.length; b++) {
    total[b] = nll[b]! + weight * (free ? free.kl : divergence[b]!);
    if (tc && correlation) total[b]! += tc.weight * correlation[b]!;
  }
}
