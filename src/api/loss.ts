import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names, type Optional } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Gaussian } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { lossForward } from "../vae/loss.ts";
import { LABELLED } from "../vae/checks.ts";
import { OBJECTIVE, type Objective, OLD_OBJECTIVE, resolveObjective } from "../vae/objective.ts";
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
export type LossOptions = Keyed & Labelled & Optional<Objective>;

/** Whether a loss is computed as in training. */
export type ModeOptions = {
  /**
   * Batch normalization by the batch's own statistics, as in `gradients` and `step`, in place of the running ones. Default
   * false.
   */
  readonly training?: boolean | undefined;
};

/** Options of {@linkcode elbo}. */
export type ElboOptions = Keyed & Labelled & ModeOptions;

/** The names of {@linkcode LossOptions}. */
export const LOSS: Names<LossOptions> = { ...LABELLED, ...OBJECTIVE, key: true };

const MODE: Names<ModeOptions> = { training: true };

/** Settings of the objective, which {@linkcode elbo} does not have: what to write for them. */
const MOVED = Object.fromEntries(
  Object.keys(OBJECTIVE).map((name) => [name, `perExampleLoss(params, x, { …, ${name} })`]),
);

/** A loss that is not finite. Nothing was changed: the state before the step is still good. */
export class LossError extends Error {
  /** Always `"LossError"`. */
  override readonly name = "LossError";
}

function mean(rt: Runtime, m: Matrix): number {
  const values = floats(rt.heap, m);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
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
 * Returns the evidence lower bound of each example, by one sample of z: log p(x | z) - KL(q(z | x) || p(z)) (Kingma and
 * Welling 2014, equation 7), with z = sample(encode(params, x), { key }). It is a bound of log p(x), so it has no settings
 * of the objective; {@linkcode perExampleLoss} has them.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D], within the likelihood's support: in [0, 1] for `"bernoulli"`.
 * @param options.key The random key.
 * @param options.labels The labels of the examples, if the model is conditional.
 * @param options.training Whether batch normalization uses the batch's own statistics; default false.
 * @returns The ELBO, float32 [B], in nats.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, `key` is not a key, or an option is unknown.
 * @throws {RangeError} If x is out of range.
 * @throws {LossError} If the ELBO of an example is not finite.
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
export function elbo(params: Params, x: tf.Tensor2D, options: ElboOptions): tf.Owned<tf.Tensor1D> {
  const action = "Cannot compute the ELBO";
  checkOptions(action, options, { ...LABELLED, ...MODE, key: true }, "options", MOVED);
  return eachLoss(action, params, x, options, -1);
}

/**
 * Returns what training minimizes, for each example: the objective's loss, of which `loss` is the mean over the batch. For
 * the default objective it is `-elbo(params, x, options)`.
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D], within the likelihood's support: in [0, 1] for `"bernoulli"`.
 * @param options `key`, `labels`, `training`, and the objective: `objective`, `beta`, `samples`, `freeBits`.
 * @returns The loss, float32 [B], in nats.
 * @throws {TypeError} If x is not float32 [B, D], a tensor was disposed of, `key` is not a key, or an option is unknown.
 * @throws {RangeError} If x or a setting of the objective is out of range.
 * @throws {LossError} If the loss of an example is not finite.
 *
 * @example
 * ```ts
 * import { elbo, init, key, perExampleLoss, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) }), x = tf.ones<tf.Rank.R2>([3, 6]);
 * const loss = perExampleLoss(params, x, { key: key(1), beta: 4 });
 * assert(loss.dataSync()[0] > -elbo(params, x, { key: key(1) }).dataSync()[0]);
 * ```
 */
export function perExampleLoss(
  params: Params,
  x: tf.Tensor2D,
  options: LossOptions & ModeOptions,
): tf.Owned<tf.Tensor1D> {
  const action = "Cannot compute the loss";
  return eachLoss(action, params, x, checkOptions(action, options, { ...LOSS, ...MODE }, "options", OLD_OBJECTIVE), 1);
}

/** The loss of each example, times `sign`. */
function eachLoss(action: string, params: Params, x: tf.Tensor2D, options: LossOptions & ModeOptions, sign: 1 | -1) {
  return allOrNothing(() =>
    withTerms(action, params, x, options, (rt, { loss }) => {
      const result = emptyTensor<tf.Tensor1D>([loss.rows]), values = finite(`${action} of x`, floats(rt.heap, loss));
      floats(rt.heap, matrixOf(result)).set(sign === 1 ? values : values.map((value) => -value));
      return result;
    })
  );
}

/**
 * Returns the values of a batch, one for each example, in place.
 *
 * @param first The number of the first example, where the batch is a part of a dataset.
 * @throws {LossError} Unless all are finite; the message names the first example whose value is not.
 */
export function finite(what: string, values: Float32Array, first = 0): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw new LossError(`${what}: expected finite values, got ${values[at]} for the example at ${first + at}`);
}

/**
 * Computes the terms of the loss and the posterior, and gives them to `body`: after it they are gone.
 *
 * @param options As {@linkcode perExampleLoss} has them; with `sharedNoise` every example gets the same noise.
 */
export function withTerms<T>(
  action: string,
  params: Params,
  x: tf.Tensor2D,
  options: LossOptions & ModeOptions & { readonly sharedNoise?: boolean | undefined },
  body: (rt: Runtime, terms: Terms & { readonly posterior: Gaussian }, objective: Objective) => T,
): T {
  const key = keyOf(action, options), objective = resolveObjective(action, options);
  const { training = false, sharedNoise = false } = options;
  if (typeof training !== "boolean") {
    throw new TypeError(`${action}: expected training to be true or false, got ${show(training)}`);
  }
  const model = modelOf(action, params), rt = runtime();
  return rt.arena.scope(() => {
    const batch = batchOf(`${action} of x`, model.config, x, options), { rows } = batch.x;
    const terms = { ...termsIn(rt, rows), posterior: gaussianIn(rt, rows, model.config.latent) };
    lossForward(rt, model, batch, key, objective, { training, sharedNoise }, terms);
    return body(rt, terms, objective);
  });
}

/**
 * Returns the loss of a batch and its terms: the means of {@linkcode perExampleLoss}, of -log p(x | z), and of the KL.
 *
 * @param params A model's parameters.
 * @param x Examples, float32 [B, D], within the likelihood's support: in [0, 1] for `"bernoulli"`.
 * @param options `key`, `labels`, `training`, and the objective: `objective`, `beta`, `samples`, `freeBits`.
 * @returns Nats per example.
 * @throws As {@linkcode perExampleLoss}.
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
  checkOptions(action, options, { ...LOSS, ...MODE }, "options", OLD_OBJECTIVE);
  return withTerms(action, params, x, options, (rt, terms, objective) => metricsOf(rt, action, terms, objective));
}
