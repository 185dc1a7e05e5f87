import { foldIn, type Key } from "../../random.ts";
import type { Array1D, Array2D } from "../arrays.ts";
import { decode, sampleWith } from "../infer.ts";
import { priorCodes } from "../prior.ts";
import { DRAW, emptyRows, encoded, type Labels } from "./compute.ts";
import { faultOfExamples, finite } from "./damage.ts";
import type { Service, Task } from "./service.ts";

/** log of e^a + e^b, where one of them may be 0. */
function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === -Infinity ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/**
 * Scores how strange examples are to a model, in nats: the higher, the less it expects them. It is the importance weighted
 * bound of -log p(x) (Burda, Grosse and Salakhutdinov 2016, equation 8), as `anomalyScore` of the main module. The noise of
 * sample `s` is `normal(foldIn(key, s), [Z])` for every example, so that a score does not depend on the others, nor on its
 * place among them.
 *
 * @param service The model, and how it works.
 * @param task Whose question it is.
 * @param x Examples, [B, D], within the likelihood's support.
 * @param options.key The random key.
 * @param options.samples How many codes of each example, at least 1.
 * @param options.labels The examples' labels, if the model is conditional.
 * @returns Scores, [B].
 * @throws {Refusal} 422 if x is so far from everything that the code is no number.
 */
export async function anomaly(
  service: Service,
  task: Task,
  x: Array2D,
  { key, samples, labels }: Labels & { readonly key: Key; readonly samples: number },
): Promise<Array1D> {
  const { model, turns, work, likelihood: p } = service, [B, D] = x.shape, Z = model.config.latent;
  const q = await encoded(service, task, x, { labels }), fault = faultOfExamples(p.support);
  const noise = emptyRows(samples, Z), sum = new Float64Array(B).fill(-Infinity);
  await turns.each(task, samples, DRAW * Z, "madds", (from, to) => {
    for (let s = from; s < to; s++) noise.data.set(priorCodes(model, 1, foldIn(key, s)).data, s * Z);
  });
  // All samples of all examples in one row: a slice has some of them.
  await turns.each(task, samples * B, work.decode + work.logProb + DRAW * Z, "madds", (from, to) => {
    const n = to - from,
      mean = emptyRows(n, Z),
      logVar = emptyRows(n, Z),
      eps = emptyRows(n, Z),
      examples = emptyRows(n, D);
    const given: number[] = [];
    for (let i = 0; i < n; i++) {
      const s = Math.floor((from + i) / B), b = (from + i) % B;
      mean.data.set(q.mean.data.subarray(b * Z, (b + 1) * Z), i * Z);
      logVar.data.set(q.logVar.data.subarray(b * Z, (b + 1) * Z), i * Z);
      eps.data.set(noise.data.subarray(s * Z, (s + 1) * Z), i * Z);
      examples.data.set(x.data.subarray(b * D, (b + 1) * D), i * D);
      if (labels !== undefined) given.push(typeof labels === "number" ? labels : labels[b]!);
    }
    const z = finite("z", sampleWith(model, { mean, logVar }, eps), fault);
    const outputs = decode(model, z, labels === undefined ? {} : { labels: given });
    const logProb = p.logProb(outputs, examples).data;
    for (let i = 0; i < n; i++) {
      const b = (from + i) % B;
      sum[b] = logAdd(sum[b]!, logProb[i]! + logRatio(z.data, eps.data, logVar.data, i * Z, Z));
    }
  });
  const nats: Array1D = { data: Float32Array.from(sum, (value) => Math.log(samples) - value), shape: [B] };
  return finite("nats", nats, fault);
}

/** log p(z) - log q(z | x) of one code of Z numbers, for z = mean + exp(logVar / 2) eps. */
function logRatio(z: Float32Array, eps: Float32Array, logVar: Float32Array, at: number, Z: number): number {
  let sum = 0;
  for (let j = at; j < at + Z; j++) sum += (eps[j]! ** 2 + logVar[j]! - z[j]! ** 2) / 2;
  return sum;
}
