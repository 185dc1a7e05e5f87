import { f32_bernoulli_nll } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** Where the derivative of a likelihood's loss by the outputs goes, and what it is multiplied with. */
export type Gradient = { readonly out: Matrix; readonly scale: number };

/** An element of the loss costs about as much as eight of a plain elementwise kernel. */
const COST = 8;

/**
 * nll [B, 1] = -log p(x | logits) of a Bernoulli likelihood, in nats. Where `gradient` is given it receives
 * (sigmoid(logits) - x) scale in the same pass; its matrix may be `logits`.
 */
export function bernoulliNll(rt: Runtime, nll: Matrix, logits: Matrix, x: Matrix, gradient?: Gradient): void {
  rt.run(
    f32_bernoulli_nll,
    rt.parts(COST * size(x)),
    logits.ptr,
    x.ptr,
    nll.ptr,
    gradient?.out.ptr ?? 0,
    gradient?.scale ?? 0,
    x.rows,
    x.cols,
  );
}
