import { drawNormal } from "../kernels/draw.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import { importanceBackward, logRatio, scaleRows } from "../kernels/importance.ts";
import { type Gaussian, gaussianKl, reparameterize } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { foldIn, type Key } from "../random.ts";
import type { Config } from "./config.ts";
import { headBackward, headOf, nllOf } from "./head.ts";
import type { Network } from "./layout.ts";
import {
  type Batch,
  decoderBackward,
  decoderForward,
  encoderBackward,
  encoderForward,
  type Mode,
  type Model,
} from "./network.ts";
import type { Objective } from "./objective.ts";
import { gaussianIn, type Terms } from "./terms.ts";

/** Gradients go through the batch's own statistics. */
const TRAINING: Mode = { training: true };

/** Rows of the decoder at a time where no gradient is needed: as many samples as fit, whatever k is. */
const CHUNK = 2048;

/** Block `s` of B rows of what holds one block after the other. */
function block(m: Matrix, s: number, B: number): Matrix {
  return { ptr: m.ptr + 4 * s * B * m.cols, rows: B, cols: m.cols };
}

/** The labels of a batch, one block of them for each sample. */
function repeated(rt: Runtime, { x, labels }: Batch, samples: number): number | undefined {
  if (labels === undefined) return undefined;
  const out = rt.arena.take(4 * samples * x.rows), all = new Int32Array(rt.heap.memory.buffer, out, samples * x.rows);
  const each = new Int32Array(rt.heap.memory.buffer, labels, x.rows);
  for (let s = 0; s < samples; s++) all.set(each, s * x.rows);
  return out;
}

/**
 * Samples from..to of every example: sample s of all comes from foldIn(key, s), however they are cut into chunks. Shared,
 * it is one row of noise, which every example gets.
 */
function drawSamples(
  rt: Runtime,
  z: Matrix,
  eps: Matrix,
  posterior: Gaussian,
  key: Key,
  [from, to]: readonly [number, number],
  shared = false,
) {
  const B = posterior.mean.rows;
  for (let s = from; s < to; s++) {
    const e = block(eps, s - from, B);
    if (shared) {
      drawNormal(rt, { ...e, rows: 1 }, foldIn(key, s));
      const values = floats(rt.heap, e);
      for (let b = 1; b < B; b++) values.copyWithin(b * e.cols, 0, e.cols);
    } else drawNormal(rt, e, foldIn(key, s));
    reparameterize(rt, block(z, s - from, B), posterior, e);
  }
}

/**
 * log w = log p(x | z) + beta (log p(z) - log q(z | x)) of one sample of each example, as float64; nll and ratio [B, 1].
 */
function logWeights(rt: Runtime, nll: Matrix, ratio: Matrix, beta: number): Float64Array {
  const n = floats(rt.heap, nll), r = floats(rt.heap, ratio);
  return Float64Array.from(n, (value, b) => -value - beta * r[b]!);
}

/** Running log-sum-exp of each example's weights. */
class LogSum {
  readonly #most: Float64Array;
  readonly #sum: Float64Array;

  constructor(B: number) {
    this.#most = new Float64Array(B).fill(-Infinity);
    this.#sum = new Float64Array(B);
  }

  add(values: Float64Array): void {
    for (let b = 0; b < values.length; b++) {
      const v = values[b]!, most = this.#most[b]!;
      if (v === -Infinity) continue; // a weight of 0, whose difference from another is no number
      if (v <= most) this.#sum[b]! += Math.exp(v - most);
      else {
        // The first value, and NaN, which must not be lost.
        this.#sum[b] = this.#sum[b]! * Math.exp(most - v) + 1;
        this.#most[b] = v;
      }
    }
  }

  /** log of the sum of e^value. */
  result(b: number): number {
    return this.#most[b]! + Math.log(this.#sum[b]!);
  }
}

/** Samples at a time: all of them where the decoder is normalized by their own statistics, as in the backward pass. */
export function chunkOf({ decoder }: Config, B: number, samples: number, { training }: Mode): number {
  return training && decoder.batchNorm ? samples : Math.max(1, Math.floor(CHUNK / B));
}

/**
 * The importance weights of a batch summed up sample by sample, so that memory does not grow with their number and others
 * may run in between. It holds plain numbers only: the posterior is handed in at each call.
 */
export class ImportanceSum {
  readonly #sum: LogSum;
  readonly #reconstruction: Float64Array;
  readonly #samples: number;
  #done = 0;

  /**
   * @param B Examples in the batch.
   * @param samples k: how many samples of each there will be in the end.
   */
  constructor(B: number, samples: number) {
    this.#samples = samples;
    this.#sum = new LogSum(B);
    this.#reconstruction = new Float64Array(B);
  }

  /** Samples summed up so far. */
  get done(): number {
    return this.#done;
  }

  /** Adds the next samples of each example, up to the number `to` of them in all. */
  add(
    rt: Runtime,
    model: Model,
    batch: Batch,
    posterior: Gaussian,
    key: Key,
    { to, beta }: { readonly to: number; readonly beta: number },
    mode: Mode,
  ): void {
    rt.arena.scope(() => {
      const { x } = batch,
        B = x.rows,
        Z = model.config.latent,
        head = headOf(rt, model),
        from = this.#done,
        n = to - from;
      const nll = rt.arena.matrix(B, 1), ratio = rt.arena.matrix(B, 1);
      const z = rt.arena.matrix(n * B, Z), eps = rt.arena.matrix(n * B, Z);
      drawSamples(rt, z, eps, posterior, key, [from, to], mode.sharedNoise);
      const { outputs } = decoderForward(rt, model, { z, labels: repeated(rt, batch, n) }, mode);
      for (let s = 0; s < n; s++) {
        nllOf(rt, head, nll, block(outputs, s, B), x);
        logRatio(rt, ratio, block(z, s, B), block(eps, s, B), posterior.logVar);
        this.#sum.add(logWeights(rt, nll, ratio, beta));
        floats(rt.heap, nll).forEach((value, b) => this.#reconstruction[b]! += value / this.#samples);
      }
      this.#done = to;
    });
  }

  /** Returns the mean of -log p(x | z) over all samples, of each example, in nats. */
  reconstruction(): Float64Array {
    return this.#reconstruction;
  }

  /** Returns -log 1/k sum over s of w_s of each example, in nats. */
  loss(): Float64Array {
    return this.#reconstruction.map((_, b) => Math.log(this.#samples) - this.#sum.result(b));
  }
}

/**
 * The negative importance weighted bound -log 1/k sum over s of w_s of each example, and its terms. Samples are streamed:
 * memory does not grow with k, but for the decoder's batch normalization in training.
 */
export function importanceForward(
  rt: Runtime,
  model: Model,
  batch: Batch,
  key: Key,
  { samples, beta }: Objective,
  mode: Mode,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const B = batch.x.rows, posterior = out.posterior ?? gaussianIn(rt, B, model.config.latent);
    encoderForward(rt, model, batch, posterior, mode);
    gaussianKl(rt, out.kl, posterior);
    const sum = new ImportanceSum(B, samples), each = chunkOf(model.config, B, samples, mode);
    while (sum.done < samples) {
      sum.add(rt, model, batch, posterior, key, { to: Math.min(sum.done + each, samples), beta }, mode);
    }
    floats(rt.heap, out.reconstruction).set(sum.reconstruction());
    floats(rt.heap, out.loss).set(sum.loss());
  });
}

/**
 * {@linkcode importanceForward}, and the gradient of the batch's mean loss by every parameter: each sample's path counts
 * by its normalized weight; for `"dreg"` the encoder's by the weight's square, without the score.
 */
export function importanceLossBackward(
  rt: Runtime,
  model: Model,
  grads: Network<Matrix>,
  batch: Batch,
  key: Key,
  { objective, samples, beta }: Objective,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const { x } = batch, B = x.rows, Z = model.config.latent, rows = samples * B, head = headOf(rt, model);
    const posterior = gaussianIn(rt, B, Z), z = rt.arena.matrix(rows, Z), eps = rt.arena.matrix(rows, Z);
    const encoderTape = encoderForward(rt, model, batch, posterior, TRAINING);
    gaussianKl(rt, out.kl, posterior);
    drawSamples(rt, z, eps, posterior, key, [0, samples]);
    const decoderTape = decoderForward(rt, model, { z, labels: repeated(rt, batch, samples) }, TRAINING);
    const { outputs } = decoderTape;
    const nll = rt.arena.matrix(rows, 1), ratio = rt.arena.matrix(rows, 1);
    for (let s = 0; s < samples; s++) {
      const o = block(outputs, s, B);
      nllOf(rt, head, block(nll, s, B), o, x, { out: o, scale: 1 });
      logRatio(rt, block(ratio, s, B), block(z, s, B), block(eps, s, B), posterior.logVar);
    }
    const weights = rt.arena.matrix(rows, 1), shares = rt.arena.matrix(rows, 1);
    normalize(rt, { nll, ratio, weights, shares }, B, beta, out);
    scaleRows(rt, outputs, shares);
    const share = floats(rt.heap, shares);
    headBackward(rt, head, grads, nll, x.cols, (row) => share[row]!);
    const dz = rt.arena.matrix(rows, Z), d = gaussianIn(rt, B, Z);
    decoderBackward(rt, model, grads, decoderTape, outputs, dz);
    for (const m of [d.mean, d.logVar]) floats(rt.heap, m).fill(0);
    for (let s = 0; s < samples; s++) {
      const { logVar } = posterior, of = (m: Matrix) => block(m, s, B);
      const sample = { dz: of(dz), z: of(z), eps: of(eps), logVar, weights: of(weights) };
      importanceBackward(rt, d, sample, { scale: beta / B, pathwise: objective === "dreg" });
    }
    encoderBackward(rt, model, grads, encoderTape, d);
  });
}

/** Each sample's weight among those of its example, its share in the batch's mean, and the terms; [k B, 1]. */
function normalize(
  rt: Runtime,
  { nll, ratio, weights, shares }: { nll: Matrix; ratio: Matrix; weights: Matrix; shares: Matrix },
  B: number,
  beta: number,
  out: Terms,
): void {
  const logW = logWeights(rt, nll, ratio, beta), samples = logW.length / B, sum = new LogSum(B);
  for (let s = 0; s < samples; s++) sum.add(logW.subarray(s * B, (s + 1) * B));
  const n = floats(rt.heap, nll), w = floats(rt.heap, weights), share = floats(rt.heap, shares);
  const loss = floats(rt.heap, out.loss), reconstruction = floats(rt.heap, out.reconstruction);
  for (let b = 0; b < B; b++) {
    const total = sum.result(b);
    let mean = 0;
    for (let i = b; i < logW.length; i += B) {
      w[i] = Math.exp(logW[i]! - total);
      share[i] = w[i]! / B;
      mean += n[i]! / samples;
    }
    loss[b] = Math.log(samples) - total;
    reconstruction[b] = mean;
  }
}
