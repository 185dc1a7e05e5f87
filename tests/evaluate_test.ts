/** `evaluate` against a model whose log-likelihood is known in closed form. */
import {
  type Dataset,
  dataset,
  elbo,
  evaluate,
  type EvaluateOptions,
  foldIn,
  init,
  key,
  latentStatistics,
  loss,
  LossError,
  perExampleLoss,
  random,
  tf,
  train,
} from "../mod.ts";
import { batch } from "../src/api/batch.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { linearGaussian, logMeanExp } from "./linear_gaussian.ts";

const D = 6, Z = 2, VARIANCE = 0.05, KEY = key(7), WRONG = { scale: 0.8, wider: 0.4 };

/** Bytes that look random, always the same. */
function bytes(n: number): Uint8Array {
  let x = 1;
  return Uint8Array.from({ length: n }, () => (x = Math.imul(x, 1664525) + 1013904223) >>> 24);
}

const COUNT = 53, PIXELS = bytes(COUNT * D);

function images(labels?: Uint8Array): Dataset {
  return dataset({ pixels: PIXELS, count: COUNT, height: 2, width: 3, labels });
}

/** The examples as evaluate sees them. */
const ROWS = Array.from(
  { length: COUNT },
  (_, i) => Array.from(PIXELS.subarray(i * D, (i + 1) * D), (byte) => Math.fround(byte / 255)),
);

function rowsOf(x: tf.Tensor2D): Float32Array[] {
  const values = x.dataSync<"float32">(), [n, width] = x.shape;
  return Array.from({ length: n }, (_, i) => values.subarray(i * width, (i + 1) * width));
}

/** The mean, and its standard error as the textbook has it. */
function meanAndError(values: number[]): [number, number] {
  const n = values.length, mean = values.reduce((sum, v) => sum + v) / n;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1));
  return [mean, deviation / Math.sqrt(n)];
}

/** Samples and batches: one, odd, more samples than examples and fewer, and more rows together than fit in a chunk. */
const SIZES = [[1, 1], [1, 5], [3, 4], [7, 3], [51, 1], [2, 300], [9, 301], [2049, 1], [3, 2050]] as const;

Deno.test("with the true posterior the importance weighted bound is log p(x), for any number of samples", () => {
  tf.tidy(() => {
    const { params, logProb } = linearGaussian(D, Z, VARIANCE);
    for (const [samples, B] of SIZES) {
      const x = random.normal(foldIn(KEY, B), [B, D]), rows = rowsOf(x);
      const got = perExampleLoss(params, x, { key: KEY, objective: "iwae", samples }).dataSync().map((v) => -v);
      rows.forEach((row, b) => {
        const wanted = logProb(row);
        assertAlmostEquals(got[b], wanted, 3e-6 * (10 + Math.abs(wanted)), `${samples} samples, example ${b} of ${B}`);
      });
    }
  });
});

Deno.test("with another encoder it is the mean of the weights, in as many chunks as it takes", () => {
  tf.tidy(() => {
    const { params, logWeight } = linearGaussian(D, Z, VARIANCE, WRONG);
    for (const [samples, B] of SIZES) {
      const x = random.normal(foldIn(KEY, B), [B, D]), rows = rowsOf(x);
      const noise = Array.from({ length: samples }, (_, s) => rowsOf(random.normal(foldIn(KEY, s), [B, Z])));
      const got = perExampleLoss(params, x, { key: KEY, objective: "iwae", samples }).dataSync().map((v) => -v);
      rows.forEach((row, b) => {
        const wanted = logMeanExp(noise.map((eps) => logWeight(row, eps[b])));
        assertAlmostEquals(got[b], wanted, 3e-6 * (10 + Math.abs(wanted)), `${samples} samples, example ${b} of ${B}`);
      });
    }
  });
});

Deno.test("evaluate measures -log p(x) and its standard error, for any batch size, also one that ends short", async () => {
  using data = images();
  const { params, logProb } = linearGaussian(D, Z, VARIANCE);
  const [nll, error] = meanAndError(ROWS.map((row) => -logProb(row)));
  for (const batchSize of [1, 7, 52, 53, 1000]) {
    for (const samples of [1, 5]) {
      const got = await evaluate(params, data, { key: KEY, batchSize, samples });
      assertAlmostEquals(got.nll!, nll, 1e-5 * nll);
      assertAlmostEquals(got.nllStandardError!, error, 1e-5 * error);
      assertEquals(got.samples, samples);
      // The ELBO of the true posterior is log p(x), too, but for the noise of its one sample.
      assert(Math.abs(got.elbo + nll) < 5 * got.elboStandardError, `${got.elbo} ${nll}`);
    }
  }
  tf.dispose(params);
});

Deno.test("evaluate comes down to -log p(x) from above as samples grow, where the encoder is wrong", async () => {
  using data = images();
  const { params, logProb } = linearGaussian(D, Z, VARIANCE, WRONG);
  const [truth] = meanAndError(ROWS.map((row) => -logProb(row)));
  const at = async (samples: number) => (await evaluate(params, data, { key: KEY, samples })).nll!;
  const [one, five, fifty, many] = await Promise.all([1, 5, 50, 5000].map(at));
  assert(one > five && five > fifty && fifty > truth, `${[one, five, fifty, many, truth]}`);
  assertAlmostEquals(many, truth, 2e-3);
  tf.dispose(params);
});

Deno.test("evaluate's other measures are the mean loss, the ELBO with its error, and the use of the code", async () => {
  using data = images();
  const { params, posterior } = linearGaussian(D, Z, VARIANCE, WRONG), batchKey = foldIn(KEY, 0);
  const beta = { beta: 0.3 }, got = await evaluate(params, data, { key: KEY, loss: beta });
  const sampled = await evaluate(params, data, { key: KEY, loss: beta, samples: 3 });
  const used = await latentStatistics(params, data);
  tf.tidy(() => {
    const x = batch(data, Array.from({ length: COUNT }, (_, i) => i)), options = { key: foldIn(batchKey, 0) };
    const { loss: _, ...terms } = loss(params, x, options);
    assertAlmostEquals(got.loss, terms.reconstruction + 0.3 * terms.kl, 1e-12 * got.loss);
    assertEquals([got.reconstruction, got.kl], [terms.reconstruction, terms.kl]);
    assertEquals(got.elbo, -(got.reconstruction + got.kl));
    const [mean, error] = meanAndError([...elbo(params, x, options).dataSync()]);
    assertAlmostEquals(got.elbo, mean, 1e-6 * -mean);
    assertAlmostEquals(got.elboStandardError, error, 1e-6 * error);
    const codes = ROWS.map(posterior);
    got.klByDimension.forEach((kl, j) => {
      const each = codes.map(({ mean, logVar }) => (mean[j] ** 2 + Math.exp(logVar[j]) - 1 - logVar[j]) / 2);
      assertAlmostEquals(kl, meanAndError(each)[0], 1e-6);
    });
    assertEquals([got.klByDimension, got.activeUnits], [[...used.kl], used.activeUnits]);
    assertEquals(got.activeUnits, 2);
    // Without samples nothing is said of the likelihood; with them nothing else changes.
    assert(!("nll" in got) && !("nllStandardError" in got) && !("samples" in got));
    const { nll, nllStandardError, samples, ...rest } = sampled;
    assertEquals([rest, samples], [got, 3] as [typeof rest, number]);
    assert(nll! < -got.elbo && nllStandardError! > 0);
  });
  tf.dispose(params);
});

Deno.test("evaluate is the same for the same key, and for the pixels and the noise of another key another", async () => {
  using data = images();
  using state = init({ input: D, hidden: [5], latent: 3 }, { key: key(1) });
  const at = (options: Partial<EvaluateOptions>) => evaluate(state.params, data, { key: KEY, samples: 4, ...options });
  const { numTensors } = tf.memory();
  for (const binarize of ["none", "dynamic"] as const) {
    const one = await at({ binarize }), other = await at({ binarize, key: key(8) });
    assertEquals(await at({ binarize }), one);
    for (const name of ["reconstruction", "nll"] as const) assert(one[name] !== other[name]);
  }
  assertEquals((await at({})).kl, (await at({ key: key(8) })).kl);
  assert((await at({ binarize: "dynamic" })).kl !== (await at({})).kl);
  assertEquals(tf.memory().numTensors, numTensors);
});

Deno.test("evaluate of one example has no standard error", async () => {
  using data = dataset({ pixels: PIXELS.slice(0, D), count: 1, height: 1, width: D });
  using state = init({ input: D, hidden: [5], latent: 3 }, { key: key(1) });
  const { elboStandardError, nllStandardError, nll, activeUnits } = await evaluate(state.params, data, {
    key: KEY,
    samples: 2,
  });
  assertEquals([elboStandardError, nllStandardError, activeUnits], [NaN, NaN, 0]);
  assert(nll! > 0);
});

Deno.test("evaluate and train give a conditional model the labels of the data", async () => {
  const labels = Uint8Array.from({ length: COUNT }, (_, i) => i * i % 3), config = { input: D, hidden: [5], latent: 2 };
  using data = images(labels);
  using state = init({ ...config, classes: 3 }, { key: key(1) });
  const got = await evaluate(state.params, data, { key: KEY, batchSize: 20, samples: 2 });
  const sums = { reconstruction: 0, nll: 0 };
  tf.tidy(() => {
    for (let i = 0; i < 3; i++) {
      const indices = Array.from({ length: Math.min(20, COUNT - 20 * i) }, (_, j) => 20 * i + j);
      const x = batch(data, indices), own = labels.subarray(20 * i, 20 * (i + 1)), batchKey = foldIn(KEY, i);
      sums.reconstruction += indices.length *
        loss(state.params, x, { key: foldIn(batchKey, 0), labels: own }).reconstruction;
      const options = { key: foldIn(batchKey, 2), labels: own, objective: "iwae", samples: 2 } as const;
      perExampleLoss(state.params, x, options).dataSync().forEach((value) => sums.nll += value);
    }
  });
  assertAlmostEquals(got.reconstruction, sums.reconstruction / COUNT, 1e-12 * got.reconstruction);
  assertAlmostEquals(got.nll!, sums.nll / COUNT, 1e-12 * got.nll!);
  const { kl } = await latentStatistics(state.params, data);
  assertAlmostEquals(kl.reduce((sum, kl) => sum + kl), got.kl, 1e-5 * got.kl);

  // Pixels that are the label and nothing else: who is told the label needs no code.
  using told = dataset({
    pixels: Uint8Array.from({ length: 60 }, (_, i) => i % 3 * 127),
    labels: Uint8Array.from({ length: 60 }, (_, i) => i % 3),
    count: 60,
    height: 1,
    width: 1,
  });
  const losses: number[] = [];
  const begin = init({ input: 1, hidden: [8], latent: 1, classes: 3 }, {
    key: key(2),
    optimizer: { learningRate: 0.05 },
  });
  for await (const event of train(begin, told, { epochs: 30, batchSize: 16, test: told, donate: true })) {
    if (event.kind !== "epoch") continue;
    losses.push(event.test!.loss);
    if (event.epoch === 30) event.state[Symbol.dispose]();
  }
  // The mean of the entropies of 0, 127 / 255 and 254 / 255 is 0.239 nats; that of their mean, 0.69.
  assert(losses[29] < 0.27 && losses[29] > 0.23, String(losses[29]));
});

Deno.test("evaluate and train refuse, before they begin, data that does not fit", async () => {
  using bare = images();
  using strange = images(new Uint8Array(COUNT).fill(3, 9));
  using wide = dataset({ pixels: new Uint8Array(8), count: 2, height: 1, width: 4 });
  using state = init({ input: D, hidden: [5], latent: 2, classes: 3 }, { key: key(1) });
  const cases: [Dataset, typeof TypeError | typeof RangeError, string][] = [
    [
      bare,
      TypeError,
      "expected data with labels, since the model has 3 classes, got data without; give them to dataset({ …, labels })",
    ],
    [strange, RangeError, "expected labels in [0, 3), got 3 at 9"],
    [wide, TypeError, "expected examples of 6 values, got 1 x 4 = 4"],
  ];
  for (const [data, error, message] of cases) {
    await assertRejects(() => evaluate(state.params, data, { key: KEY }), error, `Cannot evaluate: ${message}`);
    await assertRejects(() => latentStatistics(state.params, data), error, `Cannot measure the code: ${message}`);
    assertThrows(() => train(state, data, { epochs: 1 }), error, `Cannot train: ${message}`);
  }
  using plain = init({ input: D, hidden: [5], latent: 2 }, { key: key(1) });
  const refused = (
    options: Record<string, unknown>,
    message: string,
    error: typeof TypeError | typeof RangeError = RangeError,
  ) =>
    assertRejects(() => evaluate(plain.params, bare, { key: KEY, ...options }), error, `Cannot evaluate: ${message}`);
  await refused({ samples: 0 }, "expected samples to be a positive integer, got 0");
  await refused({ samples: 1.5 }, "expected samples to be a positive integer, got 1.5");
  await refused({ batchSize: 0 }, "expected batchSize to be a positive integer, got 0");
  await refused({ loss: { beta: -1 } }, "expected beta to be a finite number of at least 0, got -1");
  await refused({ key: undefined }, "expected key to be made by key(seed), split or foldIn, got none", TypeError);
  await refused({ loss: { bta: 4 } }, 'unknown option of loss "bta", did you mean "beta"?', TypeError);
  await refused({ beta: 4 }, 'unknown option "beta"; write loss: { beta }', TypeError);
  await refused({ batch: 4 }, 'unknown option "batch"; write batchSize', TypeError);
  await refused({ binarize: KEY }, 'expected binarize to be "none" or "dynamic", got a key; write', TypeError);
  await refused({ binarize: "static" }, 'expected binarize to be "none" or "dynamic", got "static"');
  await refused({ signal: 5 }, "expected signal to be an AbortSignal, got 5", TypeError);
  await refused({ onProgress: 5 }, "expected onProgress to be a function, got 5", TypeError);
  // Labels that nobody asked for do no harm.
  assertEquals(await evaluate(plain.params, strange, { key: KEY }), await evaluate(plain.params, bare, { key: KEY }));
});

Deno.test("evaluate names the example whose measure is not finite", async () => {
  using data = images();
  const { params } = linearGaussian(D, Z, 1e-37);
  tf.dispose(params.decoder.output.bias);
  const far = {
    ...params,
    decoder: { ...params.decoder, output: { ...params.decoder.output, bias: tf.fill([D], 1e4) } },
  };
  await assertRejects(
    () => evaluate(far, data, { key: KEY }),
    LossError,
    "Cannot evaluate by the reconstruction: expected finite values, got Infinity for the example at 0",
  );
  tf.dispose(far);
});
