import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";
import { elboBackward, elboForward } from "./elbo.ts";
import { importanceForward, importanceLossBackward } from "./importance.ts";
import type { Network } from "./layout.ts";
import type { Batch, Mode, Model } from "./network.ts";
import { type Objective, weighted } from "./objective.ts";
import type { Terms } from "./terms.ts";

/** The terms of the objective, written to `out`. */
export function lossForward(
  rt: Runtime,
  model: Model,
  batch: Batch,
  key: Key,
  objective: Objective,
  mode: Mode,
  out: Terms,
): void {
  const forward = weighted(objective) ? importanceForward : elboForward;
  forward(rt, model, batch, key, objective, mode, out);
}

/** The terms, and the gradient of the batch's mean loss by every parameter, written to `out` and `grads`. */
export function lossBackward(
  rt: Runtime,
  model: Model,
  grads: Network<Matrix>,
  batch: Batch,
  key: Key,
  objective: Objective,
  out: Terms,
): void {
  const backward = weighted(objective) ? importanceLossBackward : elboBackward;
  backward(rt, model, grads, batch, key, objective, out);
}
