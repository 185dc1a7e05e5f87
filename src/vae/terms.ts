import type { Matrix } from "../kernels/heap.ts";
import type { Gaussian } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";

/** The loss of each example and its terms, in nats, [B, 1]. */
export type Terms = {
  /** What is minimized: for `"elbo"` reconstruction + beta kl, else the negative of the objective's own bound. */
  readonly loss: Matrix;
  /** -log p(x | z), z ~ q(z | x); the mean over samples where there are several. */
  readonly reconstruction: Matrix;
  /** KL(q(z | x) || p(z)), in closed form. */
  readonly kl: Matrix;
  /** Where q(z | x) goes in a forward pass, if somebody wants it, [B, Z] each. */
  readonly posterior?: Gaussian | undefined;
};

/** Terms of B examples in the arena. */
export function termsIn(rt: Runtime, B: number): Terms {
  return { loss: rt.arena.matrix(B, 1), reconstruction: rt.arena.matrix(B, 1), kl: rt.arena.matrix(B, 1) };
}

/** A Gaussian of B codes in the arena. */
export function gaussianIn(rt: Runtime, B: number, Z: number): Gaussian {
  return { mean: rt.arena.matrix(B, Z), logVar: rt.arena.matrix(B, Z) };
}
