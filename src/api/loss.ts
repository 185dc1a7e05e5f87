import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Gaussian } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { lossForward } from "../vae/loss.ts";
import { type Objective, resolveObjective } from "../vae/objective.ts";
import { gaussianIn, type Terms, termsIn } from "../vae/terms.ts";
import { batchOf, type Labelled, modelOf } from "./examples.ts";
import { type Keyed, keyOf, type Params } from "./state.ts";
import { allOrNothing, emptyTensor, matrixOf } from "./tensors.ts";

/** The loss and its terms, in nats per example, averaged over a batch or a dataset. */
export type Metrics = {
  /** What is minimized: for the objective `"elbo"` reconstruction + beta kl, else the negative of its own bound. */
  readonly loss: number;
  /** -log p(x | z) */
  readonly reconstruction: number;
  /** KL(q(z | x) || p(z)) */
  readonly kl: number;
};

/** Options of the loss: the key, and what of the objective differs from the ELBO. */
export type LossOptions = Keyed & Labelled & Partial<Objective>;

/** Options of a loss that is only looked at. */
export type ModeOptions = {
  /**
   * Batch normalization by the batch's own statistics, as in `gradients` and `step`, in place of the running ones. Default
   * false.
   */
  readonly training?: boolean;
};

/** A loss that is not finite. Nothing was changed: the state before the step is still good. */
export class LossError extends Error {
  /** Always `"LossError"`. */
  override readonly name = "LossError";
}

function mean(rt: Runtime, m: Matrix): number {
  const values = floats(rt.heap, m);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

export function metricsOf(
  rt: Runtime,
  action: string,
  terms: Terms,
  { objective, freeBits, beta }: Objective,
  step?: number,
): Metrics {
  const reconstruction = mean(rt, terms.reconstruction), kl = mean(rt, terms.kl);
  // Where the loss is that sum, it is it exactly, and not the mean of what was rounded to float32.
  const loss = objective === "elbo" && freeBits === 0 ? reconstruction + beta * kl : mean(rt, terms.loss);
  for (const [name, value] of Object.entries({ reconstruction, kl, loss })) {
    if (Number.isFinite(value)) continue;
    const when = step === undefined ? "" : ` at step ${step}`;
    throw new LossError(`${action}: the ${name} term is ${value}${when}; a lower learning rate may help`);
  }
  return { loss, reconstruction, kl };
}

/**
 * The evidence lower bound of each example, by one sample of z: log p(x | z) - beta KL(q(z | x) || p(z)) (Kingma and
 * Welling 2014, equation 7), with z = sample(encode(params, x), { key }).
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D]; for a Bernoulli likelihood in [0, 1].
 * @param options.key The random key.
 * @param options.beta Weight of the KL term, at least 0; default 1.
 * @returns The ELBO, float32 [B], in nats.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, or `key` is not a key.
 * @throws {RangeError} If x or `beta` is out of range.
 *
 * @example
 * ```ts
 * import { elbo, init, key, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * assert.deepEqual(elbo(params, tf.ones([3, 6]), { key: key(1) }).shape, [3]);
 * ```
 */
export function elbo(params: Params, x: tf.Tensor2D, options: LossOptions & ModeOptions): tf.Owned<tf.Tensor1D> {
  const action = "Cannot compute the ELBO";
  return allOrNothing(() =>
    withTerms(action, params, x, options, (rt, { loss }) => {
      const result = emptyTensor<tf.Tensor1D>([loss.rows]);
      floats(rt.heap, matrixOf(result)).set(floats(rt.heap, loss).map((value) => -value));
      return result;
    })
  );
}

/** Computes the terms of the loss and the posterior, and gives them to `body`: after it they are gone. */
export function withTerms<T>(
  action: string,
  params: Params,
  x: tf.Tensor2D,
  options: LossOptions & ModeOptions,
  body: (rt: Runtime, terms: Terms & { readonly posterior: Gaussian }, objective: Objective) => T,
): T {
  const key = keyOf(action, options), objective = resolveObjective(action, options), { training = false } = options;
  const model = modelOf(action, params), rt = runtime();
  return rt.arena.scope(() => {
    const batch = batchOf(`${action} of x`, model.config, x, options), { rows } = batch.x;
    const terms = { ...termsIn(rt, rows), posterior: gaussianIn(rt, rows, model.config.latent) };
    lossForward(rt, model, batch, key, objective, { training }, terms);
    return body(rt, terms, objective);
  });
}

/**
 * The loss of a batch, and nothing else: the mean of `-elbo(params, x, options)` and its terms.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D]; for a Bernoulli likelihood in [0, 1].
 * @param options `key` and `beta`, as of {@linkcode elbo}.
 * @returns Nats per example.
 * @throws As {@linkcode elbo}, and {@linkcode LossError} if a term is not finite.
 *
 * @example
 * ```ts
 * import { init, key, loss, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
 * const { loss: total, reconstruction, kl } = loss(params, tf.ones([3, 6]), { key: key(1) });
 * assert.equal(total, reconstruction + kl);
 * ```
 */
export function loss(params: Params, x: tf.Tensor2D, options: LossOptions & ModeOptions): Metrics {
  const action = "Cannot compute the loss";
  return withTerms(action, params, x, options, (rt, terms, objective) => metricsOf(rt, action, terms, objective));
}
