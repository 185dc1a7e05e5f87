import {
  type AnomalyOptions,
  anomalyScore,
  dataset,
  foldIn,
  init,
  key,
  loadMnist,
  loss,
  LossError,
  type Params,
  perExampleLoss,
  random,
  tf,
  train,
} from "../../mod.ts";
import { batch } from "../../src/api/batch.ts";
import { take } from "../../src/data/images.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, floatsOf, modelOf } from "./model.ts";

const KEY = key(3);

Deno.test("anomalyScore is the importance weighted bound of each example by itself, or its reconstruction term", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 9, hidden: [6], latent: 3 }), x = batchOf(7, 9);
    for (const samples of [1, 5, 400]) {
      const bound = { key: KEY, objective: "iwae", samples } as const;
      const scores = anomalyScore(params, x, { key: KEY, samples });
      assertEquals([scores.shape, scores.dtype], [[7], "float32"] as [[number], "float32"]);
      const rows = Array.from({ length: 7 }, (_, i) => tf.slice2d(x, [i, 0], [1, 9]));
      assertEquals([...floatsOf(scores)], rows.map((row) => floatsOf(perExampleLoss(params, row, bound))[0]));
      const parts = floatsOf(anomalyScore(params, x, { key: KEY, samples, method: "reconstruction" }));
      rows.forEach((row, i) => {
        assertAlmostEquals(parts[i], loss(params, row, bound).reconstruction, 1e-6 * parts[i]);
      });
    }
    const first = floatsOf(anomalyScore(params, x, { key: KEY }));
    assertEquals(floatsOf(anomalyScore(params, x, { key: KEY, samples: 50, method: "nll" })), first);
    assert(floatsOf(anomalyScore(params, x, { key: key(4) }))[0] !== first[0]);
  });
});

Deno.test("anomalyScore by either method ranks noise and inverted digits above digits", async () => {
  const { train: images, test } = await loadMnist();
  using data = dataset(take(images, 4000));
  using digits = dataset(take(test, 200));
  const begin = init({ input: 784, hidden: [100], latent: 10 }, { key: key(0) });
  let params: Params | undefined;
  for await (const { state } of train(begin, data, { epochs: 3, batchSize: 50, donate: true })) params = state.params;
  const usual = batch(digits, Array.from({ length: 200 }, (_, i) => i));
  for (const method of ["nll", "reconstruction"] as const) {
    tf.tidy(() => {
      const scores = (x: tf.Tensor2D) => floatsOf(anomalyScore(params!, x, { key: KEY, samples: 10, method }));
      const strange = [tf.sub<tf.Tensor2D>(1, usual), random.uniform(foldIn(KEY, 1), [200, 784])];
      const of = scores(usual).toSorted(), most = of[Math.floor(0.99 * of.length)];
      for (const x of strange) assert(Math.min(...scores(x)) > most, `${method}: ${Math.min(...scores(x))} ${most}`);
    });
  }
  tf.dispose([usual, params!]);
});

Deno.test("anomalyScore of a row does not depend on its place in the batch", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 9, hidden: [6], latent: 3, classes: 3 }), row = batchOf(1, 9), labels = 1;
    const score = (x: tf.Tensor2D) => [...floatsOf(anomalyScore(params, x, { key: KEY, samples: 5, labels }))];
    const [alone] = score(row);
    assertEquals(score(tf.concat2d([row, row, row], 0)), [alone, alone, alone]);
    const among = score(tf.concat2d([batchOf(40, 9), row, batchOf(11, 9)], 0));
    assertEquals(among[40], alone);
    assertEquals(new Set(among).size > 30, true);
  });
});

Deno.test("anomalyScore of what float32 cannot express is an error that says which example", () => {
  tf.tidy(() => {
    const { params } = init({ input: 2, hidden: [3], latent: 2, likelihood: "gaussian", variance: 1e-30 }, {
      key: KEY,
    });
    const near = tf.zeros<tf.Rank.R2>([1, 2]), far = tf.tensor2d([[0, 0], [1e6, 0]]);
    assert(Number.isFinite(floatsOf(anomalyScore(params, near, { key: KEY }))[0]));
    const { message } = assertThrows(() => anomalyScore(params, far, { key: KEY }), LossError);
    assertEquals(message, "Cannot score x: expected finite values, got Infinity for the example at 1");
  });
});

Deno.test("anomalyScore takes the labels of conditional models, and refuses what is out of range", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 4, hidden: [3], latent: 2, classes: 3 }), x = batchOf(2, 4);
    const at = (options: Record<string, unknown>) =>
      anomalyScore(params, x, { key: KEY, ...options } as AnomalyOptions);
    const both = floatsOf(at({ labels: [0, 2] }));
    assert(both[0] !== floatsOf(at({ labels: 1 }))[0]);
    assertEquals(both[1], floatsOf(at({ labels: 2 }))[1]);
    const refused = (options: Record<string, unknown>, error: typeof TypeError | typeof RangeError, message: string) =>
      assertThrows(() => at({ labels: 0, ...options }), error, `Cannot score${message}`);
    refused({ labels: undefined }, TypeError, " of x: expected 2 labels in [0, 3), got none");
    refused({ samples: 0 }, RangeError, ": expected samples to be a positive integer, got 0");
    refused({ method: "elbo" }, RangeError, ': expected method to be "nll" or "reconstruction", got "elbo"');
    refused({ key: undefined }, TypeError, ": expected key");
  });
  const { numTensors } = tf.memory(),
    { params, ...rest } = modelOf({ input: 4, hidden: [3], latent: 2 }),
    x = batchOf(2, 4);
  assertThrows(() => anomalyScore(params, x, { key: KEY, labels: 0 }), TypeError, "expected no labels");
  anomalyScore(params, x, { key: KEY, samples: 3 }).dispose();
  tf.dispose([params, rest, x]);
  assertEquals(tf.memory().numTensors, numTensors);
});
