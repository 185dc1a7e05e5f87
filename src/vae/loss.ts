import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";
import type { Config } from "./config.ts";
import { elboBackward, elboForward } from "./elbo.ts";
import { importanceForward, importanceLossBackward } from "./importance.ts";
import type { Network } from "./layout.ts";
import type { Objective } from "./objective.ts";
import type { Terms } from "./terms.ts";

/** The terms of the objective, written to `out`. */
export function lossForward(
  rt: Runtime,
  config: Config,
  params: Network<Matrix>,
  x: Matrix,
  key: Key,
  objective: Objective,
  out: Terms,
): void {
  const forward = objective.objective === "elbo" ? elboForward : importanceForward;
  forward(rt, config, params, x, key, objective, out);
}

/** The terms, and the gradient of the batch's mean loss by every parameter, written to `out` and `grads`. */
export function lossBackward(
  rt: Runtime,
  config: Config,
  params: Network<Matrix>,
  grads: Network<Matrix>,
  x: Matrix,
  key: Key,
  objective: Objective,
  out: Terms,
): void {
  const backward = objective.objective === "elbo" ? elboBackward : importanceLossBackward;
  backward(rt, config, params, grads, x, key, objective, out);
}
