import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";
import { chunkOf, ImportanceSum } from "../vae/importance.ts";
import { encoderForward, type Mode } from "../vae/network.ts";
import { gaussianIn } from "../vae/terms.ts";
import { batchOf, type Labelled, labelsOf, modelOf } from "./examples.ts";
import { finite, type LossOptions, type Metrics, metricsOf, withTerms } from "./loss.ts";
import type { Params } from "./state.ts";
import { matrixOf } from "./tensors.ts";

/** Batch normalization uses the running statistics. */
const INFERENCE: Mode = { training: false };

/** Options of {@linkcode ImportanceLoss}. */
export type SampledOptions = Labelled & {
  readonly key: Key;
  /** k: samples per example. */
  readonly samples: number;
  /** The weight of log p(z) / q(z | x); default 1, with which it is -log p(x). */
  readonly beta?: number | undefined;
  /** The number of the batch's first example, for the error message. */
  readonly first: number;
};

/** The loss of a batch, and the terms of each example after one pass. */
export type Measurement = {
  /** As `loss` gives them. */
  readonly metrics: Metrics;
  /** [B], nats: -log p(x | z). */
  readonly reconstruction: Float32Array;
  /** [B], nats: KL(q(z | x) || p(z)). */
  readonly kl: Float32Array;
  /** The posteriors, [B, Z] each, row by row. */
  readonly mean: Float32Array;
  readonly logVar: Float32Array;
};

/** A copy of a matrix's values, which outlives the arena's scope. */
function copy(rt: Runtime, m: Matrix): Float32Array {
  return floats(rt.heap, m).slice();
}

/**
 * Measures the loss of a batch, and what it is made of for each example, in one pass through encoder and decoder.
 *
 * @param action What cannot be done otherwise, for the error message.
 * @param first The number of the batch's first example, for the error message.
 * @throws As `perExampleLoss`.
 */
export function measure(
  action: string,
  params: Params,
  x: tf.Tensor2D,
  options: LossOptions,
  first: number,
): Measurement {
  return withTerms(action, params, x, options, (rt, terms, objective) => {
    for (
      const [name, term] of [["reconstruction", terms.reconstruction], ["KL", terms.kl], ["loss", terms.loss]] as const
    ) {
      finite(`${action} by the ${name}`, floats(rt.heap, term), first);
    }
    return {
      metrics: metricsOf(rt, action, terms, objective),
      reconstruction: copy(rt, terms.reconstruction),
      kl: copy(rt, terms.kl),
      mean: copy(rt, terms.posterior.mean),
      logVar: copy(rt, terms.posterior.logVar),
    };
  });
}

/**
 * -log 1/k sum over s of w_s of each example, w_s = p(x | z_s) (p(z_s) / q(z_s | x))^beta, z_s ~ q(z | x), k = `samples`:
 * for beta 1 an upper bound of -log p(x) in the mean, the tighter the larger k is (Burda, Grosse and Salakhutdinov 2016,
 * theorem 1). The same bits as `perExampleLoss` with `objective: "iwae"`. Samples are streamed a few at a time, so that
 * memory does not grow with k and others may run in between.
 */
export class ImportanceLoss {
  readonly #action: string;
  readonly #params: Params;
  readonly #x: tf.Tensor2D;
  readonly #options: SampledOptions;
  readonly #sum: ImportanceSum;
  /** The posteriors, [B, Z] each, in memory of their own: the arena's does not outlive a call. */
  readonly #mean: Float32Array;
  readonly #logVar: Float32Array;

  /**
   * @param action What cannot be done otherwise, for the error message.
   * @throws As `loss`.
   */
  constructor(action: string, params: Params, x: tf.Tensor2D, options: SampledOptions) {
    [this.#action, this.#params, this.#x, this.#options] = [action, params, x, options];
    const { labels } = options, rt = runtime(), model = modelOf(action, params), Z = model.config.latent;
    [this.#mean, this.#logVar] = rt.arena.scope(() => {
      const batch = batchOf(`${action} of x`, model.config, x, { labels }), out = gaussianIn(rt, batch.x.rows, Z);
      encoderForward(rt, model, batch, out, INFERENCE);
      return [copy(rt, out.mean), copy(rt, out.logVar)];
    });
    this.#sum = new ImportanceSum(x.shape[0], options.samples);
  }

  /** The share of the samples that is done, from 0 to 1. */
  get done(): number {
    return this.#sum.done / this.#options.samples;
  }

  /** Adds a few samples, and returns whether there are more to come. */
  advance(): boolean {
    const { samples, key, labels, beta = 1 } = this.#options,
      rt = runtime(),
      model = modelOf(this.#action, this.#params);
    const { config } = model,
      [B] = this.#x.shape,
      to = Math.min(samples, this.#sum.done + chunkOf(config, B, samples, INFERENCE));
    rt.arena.scope(() => {
      const batch = { x: matrixOf(this.#x), labels: labelsOf(this.#action, config, labels, B) };
      const posterior = gaussianIn(rt, B, config.latent);
      floats(rt.heap, posterior.mean).set(this.#mean);
      floats(rt.heap, posterior.logVar).set(this.#logVar);
      this.#sum.add(rt, model, batch, posterior, key, { to, beta }, INFERENCE);
    });
    return to < samples;
  }

  /**
   * Returns the estimate of each example after all samples, float32 [B], in nats.
   *
   * @param what What it is, for the error message.
   * @throws {LossError} If one of them is not finite.
   */
  values(what: string): Float32Array {
    return finite(`${this.#action} by the ${what}`, Float32Array.from(this.#sum.loss()), this.#options.first);
  }
}
