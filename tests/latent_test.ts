import { dataset, encode, evaluate, init, key, latentStatistics, type Params, tf } from "../mod.ts";
import { batch } from "../src/api/batch.ts";
import { ACTIVE, latentCodes } from "../src/latent.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "./assert.ts";

/** z = (x0, x1 / 16, 0), log-variance (0, -1, 0): what follows from that is known without the model. */
function handMade(): Params {
  const { params } = init({ input: 2, hidden: [], latent: 3 }, { key: key(0) });
  const mean = { kernel: tf.tensor2d([[1, 0, 0], [0, 1 / 16, 0]]), bias: tf.zeros([3]) };
  const logVar = { kernel: tf.zeros([2, 3]), bias: tf.tensor1d([0, -1, 0]) };
  return { ...params, encoder: { hidden: [], mean, logVar } };
}

const COUNT = 1003, PIXELS = Uint8Array.from({ length: 2 * COUNT }, (_, i) => (i * 97 + (i >> 3)) % 256);
const images = { pixels: PIXELS, count: COUNT, height: 1, width: 2 };

Deno.test("latentStatistics gives the KL and the variance that follow from the examples, and counts active units", async () => {
  using data = dataset(images);
  const { kl, variance, activeUnits } = await latentStatistics(handMade(), data);
  const columns = [1, 1 / 16, 0].map((scale, j) =>
    Array.from({ length: COUNT }, (_, i) => j < 2 ? PIXELS[2 * i + j] / 255 * scale : 0)
  );
  columns.forEach((values, j) => {
    const mean = values.reduce((sum, v) => sum + v) / COUNT, v = [0, -1, 0][j];
    assertAlmostEquals(variance[j], values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / COUNT, 1e-7);
    assertAlmostEquals(kl[j], values.reduce((sum, m) => sum + (m * m + Math.exp(v) - 1 - v) / 2, 0) / COUNT, 1e-6);
  });
  // The second varies, too, but by less than the threshold; the third not at all.
  assert(variance[0] > ACTIVE && variance[1] > 0 && variance[1] < ACTIVE && variance[2] === 0 && kl[2] === 0);
  assertEquals(activeUnits, 1);
});

Deno.test("latentStatistics is the same for every batch size, and sums up to the KL term that evaluate gives", async () => {
  using data = dataset({ ...images, pixels: PIXELS.slice(0, 17 * 118), count: 118, width: 17 });
  using state = init({ input: 17, hidden: [9], latent: 4 }, { key: key(3) });
  const { params } = state, whole = await latentStatistics(params, data);
  for (const batchSize of [1, 7, 117, 118, 5000]) {
    const other = await latentStatistics(params, data, { batchSize });
    assertEquals(other.activeUnits, whole.activeUnits);
    for (const name of ["kl", "variance"] as const) {
      whole[name].forEach((value, j) => assertAlmostEquals(other[name][j], value, 1e-6 * (value + 1e-3)));
    }
  }
  const { kl } = await evaluate(params, data, { key: key(0) });
  assertAlmostEquals(whole.kl.reduce((sum, nats) => sum + nats), kl, 1e-5 * kl);
});

Deno.test("latentStatistics of one example, or of equal ones, finds no unit active", async () => {
  for (const count of [1, 5]) {
    using data = dataset({ pixels: new Uint8Array(2 * count).fill(200), count, height: 1, width: 2 });
    const { variance, activeUnits } = await latentStatistics(handMade(), data);
    assertEquals([[...variance], activeUnits], [[0, 0, 0], 0]);
  }
});

Deno.test("latentCodes gives the posteriors of the first examples in order, whatever the batch size", async () => {
  using data = dataset(images);
  const params = handMade(), all = await latentCodes(params, data);
  assertEquals([all.mean.length, all.logVar.length], [3 * COUNT, 3 * COUNT]);
  const first = await latentCodes(params, data, { count: 5, batchSize: 2 });
  tf.tidy(() => {
    const { mean, logVar } = encode(params, batch(data, [0, 1, 2, 3, 4]));
    assertEquals([first.mean, first.logVar], [mean.dataSync(), logVar.dataSync()] as Float32Array[]);
    assertEquals(all.mean.slice(0, 15), first.mean);
  });
  assertEquals((await latentCodes(params, data, { count: 10 ** 6 })).mean, all.mean);
});

Deno.test("latentStatistics and latentCodes draw pixels with a key, and leak nothing", async () => {
  using data = dataset(images);
  const params = handMade(), { numTensors } = tf.memory();
  const pixels = { binarize: "dynamic", key: key(1) } as const;
  const { mean } = await latentCodes(params, data, { ...pixels, count: 50 });
  assertEquals([...new Set(mean)].sort(), [0, 1 / 16, 1]);
  assertEquals((await latentCodes(params, data, { ...pixels, count: 50 })).mean, mean);
  await latentStatistics(params, data, pixels);
  assertEquals(tf.memory().numTensors, numTensors);
});

Deno.test("latentStatistics refuses data of another width and batches of no size", async () => {
  using data = dataset({ pixels: new Uint8Array(6), count: 2, height: 1, width: 3 });
  const params = handMade();
  await assertRejects(
    () => latentStatistics(params, data),
    TypeError,
    "Cannot measure the code: expected examples of 2 values, got 1 x 3 = 3",
  );
  await assertRejects(
    () => latentStatistics(params, data, { batch: 5 } as object),
    TypeError,
    'Cannot measure the code: unknown option "batch"; write batchSize',
  );
  await assertRejects(
    () => latentStatistics(params, data, { key: key(0) }),
    TypeError,
    'Cannot measure the code: expected binarize: "dynamic" beside key, got key alone, which would do nothing',
  );
  await assertRejects(
    () => latentStatistics(params, data, { batchSize: 0 }),
    RangeError,
    "Cannot measure the code: expected batchSize to be a positive integer, got 0",
  );
});
