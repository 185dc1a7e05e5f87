import type { Array1D, Array2D } from "../arrays.ts";
import { decode, encode, type Posterior, sample } from "../infer.ts";
import { likelihood } from "../likelihood.ts";
import type { Model } from "../model.ts";
import { priorCodes } from "../prior.ts";
import { finite } from "./answer.ts";
import { foldIn, type Key } from "../../random.ts";
import type { Labelled } from "../../vae/checks.ts";

/** KL(q(z | x) || N(0, I)) of each example, in closed form (Kingma and Welling 2014, appendix B), in float64. */
function kl({ mean, logVar }: Posterior): Float64Array {
  const [B, Z] = mean.shape, out = new Float64Array(B);
  for (let i = 0; i < B * Z; i++) {
    const m = mean.data[i], v = logVar.data[i];
    out[Math.floor(i / Z)] += (m * m + Math.expm1(v) - v) / 2;
  }
  return out;
}

/** log p(z) - log q(z | x) of each example, for z = mean + exp(logVar / 2) eps. */
function logRatio(z: Array2D, eps: Array2D, { logVar }: Posterior): Float64Array {
  const [B, Z] = z.shape, out = new Float64Array(B);
  for (let i = 0; i < B * Z; i++) {
    out[Math.floor(i / Z)] += (eps.data[i] ** 2 + logVar.data[i] - z.data[i] ** 2) / 2;
  }
  return out;
}

/** log of e^a + e^b, where one of them may be 0. */
function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === -Infinity ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/**
 * How strange examples are to a model, in nats: the higher, the less it expects them. With one sample the negative ELBO,
 * `-elbo(params, x, { key })` of the main module; with more the importance weighted bound of -log p(x) (Burda, Grosse and
 * Salakhutdinov 2016, equation 8), its `anomalyScore`, with the same draws.
 *
 * @param model A model.
 * @param x Examples, [B, D], within the likelihood's support.
 * @param options.key The random key.
 * @param options.samples How many codes of each example, at least 1.
 * @param options.labels The examples' labels, if the model is conditional.
 * @returns Scores, [B].
 * @throws {Refusal} 422 if x is so far from everything that the code is no number.
 */
export function anomaly(
  model: Model,
  x: Array2D,
  { key, samples, labels }: Labelled & { readonly key: Key; readonly samples: number },
): Array1D {
  const posterior = encode(model, x, { labels }), p = likelihood(model), [B] = x.shape;
  finite("mean", posterior.mean);
  finite("logVar", posterior.logVar);
  const logProb = (z: Array2D) => p.logProb(decode(model, finite("z", z), { labels }), x).data;
  if (samples === 1) {
    const given = logProb(sample(posterior, { key })), k = kl(posterior);
    return { data: Float32Array.from(k, (value, b) => value - given[b]), shape: [B] };
  }
  const sum = new Float64Array(B).fill(-Infinity);
  for (let s = 0; s < samples; s++) {
    const one = foldIn(key, s), z = sample(posterior, { key: one }), eps = priorCodes(model, B, one);
    const given = logProb(z), ratio = logRatio(z, eps, posterior);
    for (let b = 0; b < B; b++) sum[b] = logAdd(sum[b], given[b] + ratio[b]);
  }
  return { data: Float32Array.from(sum, (value) => Math.log(samples) - value), shape: [B] };
}
