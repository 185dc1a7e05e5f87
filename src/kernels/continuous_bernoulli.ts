import type { Gradient } from "./bernoulli.ts";
import {
  f32_continuous_bernoulli_mean,
  f32_continuous_bernoulli_nll,
  f32_continuous_bernoulli_sample,
} from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** An element costs about as much as so many of a plain elementwise kernel. */
const COST = 16;

/**
 * nll [B, 1] = -log p(x | logits) of a continuous Bernoulli likelihood, in nats. Where `gradient` is given it receives
 * (mean - x) scale in the same pass; its matrix may be `logits`.
 */
export function continuousBernoulliNll(
  rt: Runtime,
  nll: Matrix,
  logits: Matrix,
  x: Matrix,
  gradient?: Gradient,
): void {
  rt.run(
    f32_continuous_bernoulli_nll,
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

/** out = 1 / (1 - e^-logits) - 1 / logits; out may be logits. */
export function continuousBernoulliMean(rt: Runtime, out: Matrix, logits: Matrix): void {
  rt.run(f32_continuous_bernoulli_mean, rt.parts(COST * size(out)), logits.ptr, out.ptr, size(out));
}

/** out = a sample from u, uniform in [0, 1); out may be logits, or u. */
export function continuousBernoulliSample(rt: Runtime, out: Matrix, logits: Matrix, u: Matrix): void {
  rt.run(f32_continuous_bernoulli_sample, rt.parts(COST * size(out)), logits.ptr, u.ptr, out.ptr, size(out));
}
