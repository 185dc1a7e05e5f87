import { BATCH, batch, type Binarize, binarizeKey } from "./api/batch.ts";
import { encode } from "./api/infer.ts";
import type { Params } from "./api/state.ts";
import { batches, checkBatchSize, checkFit, labelsAt } from "./batches.ts";
import { checkOptions, type Names } from "./checks/options.ts";
import { show } from "./checks/show.ts";
import type { Dataset } from "./data/dataset.ts";
import { Pause } from "./pause.ts";
import { foldIn, type Key } from "./random.ts";

/** Options of {@linkcode latentStatistics} and {@linkcode latentCodes}. */
export type LatentOptions = {
  /** Examples at a time; default 1000. With `binarize` it decides which random numbers a pixel gets, and nothing else. */
  readonly batchSize?: number | undefined;
  /** `"dynamic"` draws each pixel as 0 or 1, for a model that was trained on such pixels; default `"none"`. */
  readonly binarize?: Binarize | undefined;
  /** The random key of `binarize: "dynamic"`. */
  readonly key?: Key | undefined;
  /** What asks to stop: the returned promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

/** Options of {@linkcode latentCodes}. */
export type CodesOptions = LatentOptions & {
  /** Takes the first examples only, so many of them. */
  readonly count?: number | undefined;
};

const OPTIONS: Names<LatentOptions> = { ...BATCH, batchSize: true, signal: true };
const CODES: Names<CodesOptions> = { ...OPTIONS, count: true };
const MOVED = { batch: "batchSize" };

/** What a model uses its code for, over a dataset. */
export type LatentStatistics = {
  /** [Z]: the mean KL(q(z_j | x) || p(z_j)), nats per example. Their sum is the KL term of the loss. */
  readonly kl: Float64Array;
  /** [Z]: the variance over the examples of the posterior's mean, E[z_j | x]. */
  readonly variance: Float64Array;
  /** How many of those variances are above {@linkcode ACTIVE}. */
  readonly activeUnits: number;
};

/** The variance of its mean from which on a dimension counts as used: Burda et al., 2016, section 5.2. */
export const ACTIVE = 0.01;

/** Posteriors as plain numbers, row by row: [n, Z] each. */
export type LatentCodes = { readonly mean: Float32Array; readonly logVar: Float32Array };

type Checked = {
  readonly batchSize: number;
  readonly binarize: Binarize;
  readonly key: Key | undefined;
  readonly pause: Pause;
};

/** Checks model, data and options. */
function checkLatent(
  action: string,
  params: Params,
  data: Dataset,
  options: LatentOptions,
  names: Readonly<Record<string, true>>,
): Checked {
  const { batchSize = 1000, binarize = "none", signal } = checkOptions(action, options, names, "options", MOVED);
  const key = binarizeKey(action, options), pause = new Pause(action, signal);
  checkBatchSize(action, batchSize);
  checkFit(action, params, data);
  return { batchSize, binarize, key, pause };
}

/** The posteriors of the first `count` examples, a batch at a time; others may run in between. */
async function* posteriors(
  params: Params,
  data: Dataset,
  { batchSize, binarize, key, pause }: Checked,
  count = data.count,
): AsyncGenerator<LatentCodes, void, void> {
  let i = 0;
  pause.check();
  for (const indices of batches(Math.min(count, data.count), batchSize)) {
    using x = batch(data, indices, { binarize, key: key && foldIn(key, i++) });
    using posterior = encode(params, x, { labels: labelsAt(params, data, indices) });
    yield { mean: posterior.mean.dataSync<"float32">(), logVar: posterior.logVar.dataSync<"float32">() };
    await pause.take();
  }
}

/** Sums up posteriors to {@linkcode LatentStatistics}, in float64 and in the order of the examples. */
export class CodeUse {
  readonly #kl: Float64Array;
  readonly #center: Float64Array;
  readonly #squares: Float64Array;
  #n = 0;

  /** @param Z The width of the code. */
  constructor(Z: number) {
    [this.#kl, this.#center, this.#squares] = [new Float64Array(Z), new Float64Array(Z), new Float64Array(Z)];
  }

  /** Adds the posteriors of some examples, [n, Z] each, row by row. */
  add(mean: Float32Array, logVar: Float32Array): void {
    const kl = this.#kl, center = this.#center, squares = this.#squares, Z = kl.length;
    for (let at = 0; at < mean.length;) {
      this.#n++;
      for (let j = 0; j < Z; j++, at++) {
        const m = mean[at], v = logVar[at], delta = m! - center[j]!;
        kl[j]! += (m! * m! + Math.exp(v!) - 1 - v!) / 2;
        // Welford's update: the variance without the cancellation that the mean of squares has.
        center[j]! += delta / this.#n;
        squares[j]! += delta * (m! - center[j]!);
      }
    }
  }

  /** What is known so far. */
  statistics(): LatentStatistics {
    const variance = this.#squares.map((sum) => sum / this.#n);
    return {
      kl: this.#kl.map((sum) => sum / this.#n),
      variance,
      activeUnits: variance.filter((v) => v > ACTIVE).length,
    };
  }
}

/**
 * Measures how much each dimension of the code is used: its share of the KL term and the variance of its posterior mean,
 * and how many dimensions are active, which is to say Var_x(E[z_j | x]) > 0.01 (Burda, Grosse and Salakhutdinov,
 * Importance Weighted Autoencoders, 2016, section 5.2).
 *
 * One pass, in which others may run about ten times per second; float64 sums in the order of the examples, so that `batchSize` changes no more than the rounding of `encode`.
 *
 * @param params A model's parameters; they must not be disposed of before the promise is settled.
 * @param data The dataset; all of it is used.
 * @param options `batchSize`, `binarize`, `key`, `signal`.
 * @returns `{ kl, variance, activeUnits }`: [Z] nats per example, [Z], and a number from 0 to Z.
 * @throws {TypeError} If the examples are not as wide as the model's, or lack the labels that it needs.
 * @throws {RangeError} If `batchSize` is not a positive integer, or `binarize` not one of the two words.
 * @throws The signal's reason, if that asks to stop.
 *
 * @example
 * ```ts
 * import { dataset, init, key, latentStatistics } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * using data = dataset({ pixels: new Uint8Array(12).fill(255), count: 3, height: 2, width: 2 });
 * const { params } = init({ input: 4, hidden: [5], latent: 2 }, { key: key(0) });
 * const { kl, activeUnits } = await latentStatistics(params, data);
 * assert(kl.length === 2 && activeUnits === 0); // three equal images: their means do not vary
 * ```
 */
export async function latentStatistics(
  params: Params,
  data: Dataset,
  options: LatentOptions = {},
): Promise<LatentStatistics> {
  const action = "Cannot measure the code",
    checked = checkLatent(action, params, data, options, OPTIONS),
    use = new CodeUse(params.config.latent);
  for await (const { mean, logVar } of posteriors(params, data, checked)) use.add(mean, logVar);
  return use.statistics();
}

/**
 * Returns the posteriors of a dataset's examples, as plain arrays.
 *
 * @param params A model's parameters.
 * @param data The dataset.
 * @param options `batchSize`, `binarize`, `key`, `signal`, and `count`, the number of examples to take from the first on.
 * @returns `{ mean, logVar }`, [n, Z] each, row by row.
 * @throws As {@linkcode latentStatistics}.
 */
export async function latentCodes(params: Params, data: Dataset, options: CodesOptions = {}): Promise<LatentCodes> {
  const action = "Cannot encode the data",
    checked = checkLatent(action, params, data, options, CODES),
    { count } = options;
  if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`${action}: expected count to be a positive integer, got ${show(count)}`);
  }
  const Z = params.config.latent, n = Math.min(count ?? data.count, data.count);
  const mean = new Float32Array(n * Z), logVar = new Float32Array(n * Z);
  let at = 0;
  for await (const part of posteriors(params, data, checked, n)) {
    mean.set(part.mean, at);
    logVar.set(part.logVar, at);
    at += part.mean.length;
  }
  return { mean, logVar };
}
