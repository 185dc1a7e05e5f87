import { f32_adam } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** A parameter and its first and second moments. */
export type Moments = { readonly params: Matrix; readonly mu: Matrix; readonly nu: Matrix };

/** Constants of one step of Adam; see wasm/kernels/adam.ts for the formula. */
export type AdamStep = {
  readonly rate: number;
  readonly correction: number;
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
  /** What the gradient is multiplied with first; 1 for none. */
  readonly factor: number;
  /** The share of each parameter that is taken away; 0 for none. */
  readonly decay: number;
};

/** One step of Adam from `from` to `to`, which may be the same matrices. */
export function adam(rt: Runtime, to: Moments, from: Moments, grads: Matrix, step: AdamStep): void {
  const n = size(grads), { rate, correction, b1, b2, eps, factor, decay } = step;
  rt.run(
    f32_adam,
    rt.parts(2 * n),
    from.params.ptr,
    grads.ptr,
    from.mu.ptr,
    from.nu.ptr,
    to.params.ptr,
    to.mu.ptr,
    to.nu.ptr,
    n,
    rate,
    correction,
    b1,
    1 - b1,
    b2,
    1 - b2,
    eps,
    factor,
    decay,
  );
}
