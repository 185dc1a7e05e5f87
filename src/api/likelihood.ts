import { runtime } from "../backend/start.ts";
import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { headOf, meanOf, nllOf, sampleOf } from "../vae/head.ts";
import { type LikelihoodName, LIKELIHOODS } from "../vae/likelihood.ts";
import { checkSupport, modelOf } from "./examples.ts";
import { type Keyed, keyOf, type Params } from "./state.ts";
import { allOrNothing, checkTensor, emptyTensor, matrixOf } from "./tensors.ts";

const SAMPLE: Names<Keyed> = { key: true };

/** p(x | z) of a model, of outputs as `decode` gives them: float32 [B, D P]. */
export type LikelihoodOf = {
  readonly name: LikelihoodName;
  /** P: parameters of each value. */
  readonly outputs: 1 | 2;
  /** The least and the greatest value that x may have. */
  readonly support: readonly [low: number, high: number];
  /** E[x | z], float32 [B, D]. */
  mean(outputs: tf.Tensor2D): tf.Owned;
  /** x ~ p(x | z), float32 [B, D]. */
  sample(outputs: tf.Tensor2D, options: Keyed): tf.Owned;
  /** log p(x | z) of each example, in nats, float32 [B]: normalised, so that models can be compared. */
  logProb(outputs: tf.Tensor2D, x: tf.Tensor2D): tf.Owned<tf.Tensor1D>;
};

/**
 * The likelihood of a model: what its decoder's outputs stand for. All are independent over values, and normalised:
 *
 * | name | a value's parameters | log p(x) |
 * |---|---|---|
 * | `bernoulli` | logit l | x l - log(1 + e^l) |
 * | `continuous-bernoulli` | logit l | x l - log((e^l - 1) / l): Loaiza-Ganem and Cunningham (2019) |
 * | `gaussian` | mean m | -(x - m)^2 / 2v - log(2 pi v) / 2, v = `variance` |
 * | `gaussian-global` | mean | the same, v learned for all values: Rybkin et al., sigma-VAE (2021) |
 * | `gaussian-pixel` | mean, log v | the same, v of each value, log v within [-10, 10] |
 * | `squared-error` | mean | the same, v = 1/2 |
 * | `laplace` | location m | -abs(x - m) / b - log 2b, 2 b^2 = `variance` |
 * | `discretized-logistic` | location, log-scale | log of a bin's mass, 256 levels of [0, 1]: Salimans et al. (2017), eq. 2 |
 *
 * Its methods borrow their arguments; the caller owns the results. They throw as {@linkcode decode} does.
 *
 * @param params A model's parameters.
 * @throws {TypeError} If they are none.
 *
 * @example
 * ```ts
 * import { decode, init, key, likelihood, random, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { params } = init({ input: 6, latent: 2, likelihood: "gaussian-pixel" }, { key: key(0) });
 * const outputs = decode(params, random.normal(key(1), [3, 2])), p = likelihood(params);
 * assert.deepEqual([outputs.shape, p.mean(outputs).shape], [[3, 12], [3, 6]]);
 * assert.deepEqual(p.logProb(outputs, tf.zeros([3, 6])).shape, [3]);
 * ```
 */
export function likelihood(params: Params): LikelihoodOf {
  const { config } = modelOf("Cannot tell the likelihood", params);
  const { outputs: P, support } = LIKELIHOODS[config.likelihood];
  const checked = (action: string, outputs: tf.Tensor2D) =>
    checkTensor(`${action} outputs`, outputs, ["B", config.input * P]);
  /** A new tensor of examples, made from outputs. */
  const made = (action: string, outputs: tf.Tensor2D, fill: (rt: Runtime, out: Matrix, from: Matrix) => void) => {
    const from = checked(action, outputs), rt = runtime();
    return allOrNothing(() => {
      const x = emptyTensor<tf.Tensor2D>([from.rows, config.input]);
      rt.arena.scope(() => fill(rt, matrixOf(x), from));
      return x;
    });
  };
  return {
    name: config.likelihood,
    outputs: P,
    support,
    mean(outputs) {
      const action = "Cannot give the mean of";
      return made(action, outputs, (rt, out, from) => meanOf(rt, headOf(rt, modelOf(action, params)), out, from));
    },
    sample(outputs, options) {
      const action = "Cannot sample from", key = keyOf(action, checkOptions(action, options, SAMPLE));
      return made(
        action,
        outputs,
        (rt, out, from) => sampleOf(rt, headOf(rt, modelOf(action, params)), out, from, key),
      );
    },
    logProb(outputs, x) {
      const action = "Cannot compute log p(x) of", rt = runtime(), model = modelOf(action, params);
      const from = checked(action, outputs), examples = checkTensor(`${action} x`, x, [from.rows, config.input]);
      checkSupport(`${action} x`, examples, config);
      return allOrNothing(() => {
        const result = emptyTensor<tf.Tensor1D>([from.rows]), nll = matrixOf(result);
        rt.arena.scope(() => nllOf(rt, headOf(rt, model), { ...nll, rows: from.rows, cols: 1 }, from, examples));
        const values = floats(rt.heap, nll);
        values.forEach((value, b) => values[b] = -value);
        return result;
      });
    },
  };
}
