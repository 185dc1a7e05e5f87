import { checkOptions, type Names } from "../checks/options.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { type Keyed, keyOf } from "../random.ts";
import { checkSupport } from "../vae/checks.ts";
import { type Head, headOf, meanOf, nllOf, sampleOf } from "../vae/head.ts";
import { type LikelihoodName, LIKELIHOODS } from "../vae/likelihood.ts";
import { type Array1D, type Array2D, checkRows, put, type Rows, take } from "./arrays.ts";
import { engineOf, type Model } from "./model.ts";

const SAMPLE: Names<Keyed> = { key: true };

/** p(x | z) of a model, of outputs as `decode` gives them: [B, D P]. */
export type LikelihoodOf = {
  readonly name: LikelihoodName;
  /** P: parameters of each value. */
  readonly outputs: 1 | 2;
  /** The least and the greatest value that x may have. */
  readonly support: readonly [low: number, high: number];
  /** E[x | z], [B, D]. */
  mean(outputs: Rows): Array2D;
  /** x ~ p(x | z), [B, D]. */
  sample(outputs: Rows, options: Keyed): Array2D;
  /** log p(x | z) of each example, in nats, [B]: normalised, so that models can be compared. */
  logProb(outputs: Rows, x: Rows): Array1D;
};

/**
 * The likelihood of a model: what its decoder's outputs stand for. See `likelihood` of the main module for all of them.
 *
 * @param model A model.
 * @returns Its name and methods, which throw as {@linkcode decode} does.
 * @throws {TypeError} If it is none.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { decode, likelihood, load } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const model = await load(save(init({ input: 6, latent: 2, likelihood: "gaussian-pixel" }, { key: key(0) })));
 * const outputs = decode(model, new Float32Array(6)), p = likelihood(model);
 * assert.deepEqual([outputs.shape, p.mean(outputs).shape], [[3, 12], [3, 6]]);
 * assert.deepEqual(p.logProb(outputs, new Float32Array(18)).shape, [3]);
 * ```
 */
export function likelihood(model: Model): LikelihoodOf {
  const engine = engineOf("Cannot tell the likelihood", model), { config, runtime: rt } = engine, D = config.input;
  const { outputs: P, support } = LIKELIHOODS[config.likelihood];
  const checked = (action: string, outputs: Rows) => checkRows(`${action} outputs`, outputs, "B", D * P);
  /** Examples made from outputs. */
  const made = (action: string, outputs: Rows, fill: (rt: Runtime, head: Head, out: Matrix, from: Matrix) => void) => {
    const rows = checked(action, outputs);
    return rt.arena.scope(() => {
      const from = put(rt, rows), out = rt.arena.matrix(from.rows, D);
      fill(rt, headOf(rt, engine), out, from);
      return take(rt, out);
    });
  };
  return {
    name: config.likelihood,
    outputs: P,
    support,
    mean: (outputs) => made("Cannot give the mean of", outputs, meanOf),
    sample(outputs, options) {
      const action = "Cannot sample from", key = keyOf(action, checkOptions(action, options, SAMPLE));
      return made(action, outputs, (rt, head, out, from) => sampleOf(rt, head, out, from, key));
    },
    logProb(outputs, x) {
      const action = "Cannot compute log p(x) of", rows = checked(action, outputs);
      const examples = checkRows(`${action} x`, x, rows.rows, D);
      return rt.arena.scope(() => {
        const from = put(rt, rows), m = put(rt, examples), nll = rt.arena.matrix(rows.rows, 1);
        checkSupport(rt, `${action} x`, m, config);
        nllOf(rt, headOf(rt, engine), nll, from, m);
        return { data: floats(rt.heap, nll).map((value) => -value), shape: [rows.rows] };
      });
    },
  };
}
