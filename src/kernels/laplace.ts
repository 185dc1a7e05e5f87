import type { Gradient } from "./bernoulli.ts";
import { f32_laplace_nll, f32_laplace_sample } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** An element of a sample costs about as much as so many of a plain elementwise kernel. */
const COST = 8;

/** b of the variance 2 b^2 = e^logVar. */
function scaleOf(logVar: number): number {
  return Math.exp(logVar / 2) * Math.SQRT1_2;
}

/**
 * nll [B, 1] = -log p(x | location) of a Laplace likelihood of variance e^logVar, in nats. Where `gradient` is given it
 * receives sign(location - x) / b scale in the same pass, 0 where they are equal; its matrix may be `location`.
 */
export function laplaceNll(
  rt: Runtime,
  nll: Matrix,
  location: Matrix,
  x: Matrix,
  logVar: number,
  gradient?: Gradient,
): void {
  rt.run(
    f32_laplace_nll,
    rt.parts(2 * size(x)),
    location.ptr,
    x.ptr,
    nll.ptr,
    gradient?.out.ptr ?? 0,
    1 / scaleOf(logVar),
    (Math.LN2 + logVar) / 2, // log(2 b)
    gradient?.scale ?? 0,
    x.rows,
    x.cols,
  );
}

/** out = a sample from u, uniform in (-1, 1); out may be location, or u. */
export function laplaceSample(rt: Runtime, out: Matrix, location: Matrix, u: Matrix, logVar: number): void {
  const n = size(out);
  rt.run(f32_laplace_sample, rt.parts(COST * n), location.ptr, u.ptr, out.ptr, scaleOf(logVar), n);
}
