import { gradients, key, loss, type LossOptions, perExampleLoss, random, tf } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, bitsOf, floatsOf, modelOf } from "./model.ts";
import { array64, centralDifferences, entries, map, reference, relativeError } from "./reference.ts";

const KEY = key(61);

function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0));
}

/** The mean over the batch of log q(z) - sum over d of log q(z_d), q being the mixture of the posteriors of the batch. */
function totalCorrelation({ mean, logVar, z }: ReturnType<typeof reference>): number {
  const { rows: B, cols: Z } = mean, constant = Math.log(B);
  const density = (i: number, j: number, d: number) => {
    const at = j * Z + d, v = logVar.values[at], difference = z.values[i * Z + d] - mean.values[at];
    return -(difference * difference * Math.exp(-v) + v + Math.log(2 * Math.PI)) / 2;
  };
  const batch = Array.from({ length: B }, (_, j) => j), dimensions = Array.from({ length: Z }, (_, d) => d);
  let sum = 0;
  for (const i of batch) {
    const joint = batch.map((j) => dimensions.reduce((total, d) => total + density(i, j, d), 0));
    const marginals = dimensions.map((d) => logSumExp(batch.map((j) => density(i, j, d))) - constant);
    sum += logSumExp(joint) - constant - marginals.reduce((total, m) => total + m, 0);
  }
  return sum / B;
}

Deno.test("beta-TC is the ELBO and beta - 1 times the total correlation, in value and gradient", () => {
  for (const [B, Z, beta] of [[6, 3, 4], [1, 2, 6], [5, 1, 2], [7, 4, 0.5]] as const) {
    tf.tidy(() => {
      const { params } = modelOf({ input: 9, hidden: [6], latent: Z, activation: "tanh" }, B);
      const x = batchOf(B, 9), x64 = array64(x), p64 = map(params, array64);
      const eps = array64(random.normal(KEY, [B, Z]));
      const f = () => {
        const found = reference(params.config, p64, x64, eps);
        const elbo = found.reconstruction.reduce((sum, nll, b) => sum + nll + found.kl[b], 0) / B;
        return elbo + (beta - 1) * totalCorrelation(found);
      };
      const options: LossOptions = { key: KEY, objective: "beta-tc", beta };
      const [grads, metrics] = gradients(params, x, options);
      assertAlmostEquals(metrics.loss, f(), 3e-6 * Math.abs(f()));
      assertAlmostEquals(loss(params, x, options).loss, metrics.loss, 1e-9);
      entries(p64).forEach(([name, { values }], i) => {
        const got = floatsOf(entries(grads)[i][1]), wanted = centralDifferences(values, f);
        assert(relativeError(got, wanted) < 1e-5, `${name} at B = ${B}: ${relativeError(got, wanted)}`);
      });
    });
  }
});

Deno.test("beta-TC with beta 1 is the ELBO, bit by bit in its gradient", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 7, hidden: [5], latent: 3 }, 3), x = batchOf(8, 7);
    const [plain] = gradients(params, x, { key: KEY });
    const [same] = gradients(params, x, { key: KEY, objective: "beta-tc" });
    assertEquals(bitsOf(plain), bitsOf(same));
  });
});

Deno.test("the total correlation of a batch of one example is 0, so that beta does not change the loss", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 4, hidden: [3], latent: 2 }), x = batchOf(1, 4);
    const [one, six] = [1, 6].map((beta) => loss(params, x, { key: KEY, objective: "beta-tc", beta }).loss);
    assertAlmostEquals(one, six, 1e-5);
  });
});

Deno.test("beta-TC needs no size of the dataset, and says so where one is given", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 4, hidden: [3], latent: 2 }), x = batchOf(2, 4);
    const message = 'unknown option "examples"; write nothing in its place: "beta-tc" needs no size of the dataset';
    const options = { key: KEY, objective: "beta-tc", examples: 100 } as LossOptions;
    for (const call of [loss, gradients, perExampleLoss]) {
      assertThrows(() => call(params, x, options), TypeError, message);
    }
  });
});
