/** The objectives over the models of {@linkcode encode64} and {@linkcode decode64}, in float64. */
import type { Config, Objective } from "../../mod.ts";
import { type Batch64, decode64, encode64, nll64, type Run, runOf, type Values } from "./family_reference.ts";
import type { Array64 } from "./reference.ts";

/** The terms of each example, and what they were computed from. */
export type Terms64 = {
  readonly loss: Float64Array;
  readonly reconstruction: Float64Array;
  readonly kl: Float64Array;
  readonly mean: Array64;
  readonly logVar: Array64;
  readonly outputs: Array64;
  /** z of every sample, one block of examples after the other. */
  readonly z: Array64;
  /** log w of every sample, likewise. */
  readonly logWeights: Float64Array;
  readonly statistics: Values;
};

/** What the objectives need to know: the noise of every sample [k B, Z], and the settings. */
export type Asked = Pick<Objective, "objective" | "beta" | "freeBits"> & { readonly eps: Array64 };

/** z = mean + e^(logVar / 2) eps, one block of examples after the other. */
function reparameterized(mean: Array64, logVar: Array64, { rows, values }: Array64): Array64 {
  const n = mean.values.length;
  const z = values.map((e, i) => mean.values[i % n] + Math.exp(logVar.values[i % n] / 2) * e);
  return { rows, cols: mean.cols, values: z };
}

function rowSums({ rows, cols }: Array64, term: (i: number) => number): Float64Array {
  const sums = new Float64Array(rows);
  for (let i = 0; i < rows * cols; i++) sums[Math.floor(i / cols)] += term(i);
  return sums;
}

/** log p(z) - log q(z | x) of each row, q by the given mean and log-variance; both without the constant they share. */
function logRatios(z: Array64, mean: Array64, logVar: Array64): Float64Array {
  const n = mean.values.length;
  return rowSums(z, (i) => {
    const l = logVar.values[i % n], d = z.values[i] - mean.values[i % n];
    return (d * d / Math.exp(l) + l - z.values[i] ** 2) / 2;
  });
}

export function logMeanExp(values: ArrayLike<number>): number {
  const list = Array.from(values), most = Math.max(...list);
  return most + Math.log(list.reduce((sum, v) => sum + Math.exp(v - most), 0) / list.length);
}

/** What stands at b of each block of B. */
export function everyBlock(values: Float64Array, b: number, B: number): Float64Array {
  return values.filter((_, i) => i % B === b);
}

/** The model's terms on a batch. */
export function terms64(
  config: Config,
  values: Values,
  { x, labels }: Batch64,
  asked: Asked,
  training = true,
): Terms64 {
  const { objective, beta, freeBits, eps } = asked, run = runOf(config, values, labels, training), B = x.rows;
  const { mean, logVar } = encode64(run, x), z = reparameterized(mean, logVar, eps), outputs = decode64(run, z);
  const nll = nll64(run, outputs, x), ratio = logRatios(z, mean, logVar);
  const logWeights = nll.map((value, i) => -value + beta * ratio[i]);
  const klOf = (i: number) => (mean.values[i] ** 2 + Math.expm1(logVar.values[i]) - logVar.values[i]) / 2;
  const kl = rowSums(mean, klOf), k = eps.rows / B;
  const reconstruction = new Float64Array(B).map((_, b) => everyBlock(nll, b, B).reduce((sum, v) => sum + v / k, 0));
  const dimensions = new Float64Array(mean.cols);
  mean.values.forEach((_, i) => dimensions[i % mean.cols] += klOf(i) / B);
  const punished = dimensions.reduce((sum, v) => sum + Math.max(freeBits, v), 0);
  const loss = objective === "elbo"
    ? reconstruction.map((value, b) => value + beta * (freeBits > 0 ? punished : kl[b]))
    : new Float64Array(B).map((_, b) => -logMeanExp(everyBlock(logWeights, b, B)));
  return { loss, reconstruction, kl, mean, logVar, outputs, z, logWeights, statistics: run.statistics };
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/**
 * What the encoder's doubly reparameterized gradient is the gradient of: -1/B sum of w~^2 log w, with w~ and q(z | x) held
 * as they are, but for z; Tucker et al. (2019), equation 8.
 */
export function dregSurrogate(config: Config, values: Values, batch: Batch64, asked: Asked): () => number {
  const { x, labels } = batch, B = x.rows, held = terms64(config, values, batch, asked);
  const mean = { ...held.mean }, logVar = { ...held.logVar }, k = asked.eps.rows / B;
  const squares = held.logWeights.map((w, i) =>
    (Math.exp(w - logMeanExp(everyBlock(held.logWeights, i % B, B))) / k) ** 2
  );
  return () => {
    const run: Run = runOf(config, values, labels), q = encode64(run, x);
    const z = reparameterized(q.mean, q.logVar, asked.eps), ratio = logRatios(z, mean, logVar);
    const nll = nll64(run, decode64(run, z), x);
    return nll.reduce((sum, value, i) => sum - squares[i] * (-value + asked.beta * ratio[i]) / B, 0);
  };
}
