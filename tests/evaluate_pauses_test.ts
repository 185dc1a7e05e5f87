/** `evaluate` and `latentStatistics` let others run within a batch of many samples too, and can be aborted. */
import { type Dataset, dataset, evaluate, init, key, latentStatistics, LossError, tf } from "../mod.ts";
import { assert, assertEquals, assertRejects } from "./assert.ts";

const KEY = key(1), CONFIG = { input: 784, hidden: [400], latent: 20 };

function images(count: number): Dataset {
  const pixels = Uint8Array.from({ length: 784 * count }, (_, i) => i * i * 31 % 251);
  return dataset({ pixels, count, height: 28, width: 28 });
}

Deno.test("evaluate lets timers run while it measures, within a batch of many samples too", async () => {
  using data = images(100);
  using state = init(CONFIG, { key: KEY });
  for (const options of [{ samples: 2000 }, { loss: { objective: "iwae", samples: 2000 } }] as const) {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await evaluate(state.params, data, { key: KEY, ...options });
    clearInterval(timer);
    // One batch, which takes seconds: without pauses within it there would be no tick but that of its end.
    assert(ticks > 1, `${ticks} ticks`);
  }
});

Deno.test("evaluate's progress rises from batch to batch and within each, whatever it measures", async () => {
  using data = images(100);
  using state = init(CONFIG, { key: KEY });
  const loss = { objective: "iwae", samples: 100 } as const;
  for (const options of [{}, { samples: 100 }, { loss }, { samples: 60, loss }]) {
    const seen: number[] = [];
    await evaluate(state.params, data, { key: KEY, batchSize: 50, ...options, onProgress: (done) => seen.push(done) });
    assertEquals([seen.at(-1), seen.includes(0.5)], [1, true]);
    assert(seen.every((done, i) => done > 0 && (i === 0 || done >= seen[i - 1])), `${seen}`);
    assertEquals(seen.length > 2, "samples" in options || "loss" in options);
  }
});

Deno.test("evaluate and latentStatistics reject with the signal's reason, once it is aborted, and leave nothing behind", async () => {
  using data = images(3000);
  using state = init(CONFIG, { key: KEY });
  const { params } = state, { numTensors } = tf.memory(), reason = new Error("enough");
  const aborted = async (run: (signal: AbortSignal, abort: () => void) => Promise<unknown>) => {
    const controller = new AbortController();
    const error = await assertRejects(() => run(controller.signal, () => controller.abort(reason)));
    assertEquals(error, reason);
    assertEquals(tf.memory().numTensors, numTensors);
  };
  await aborted((signal, abort) => (abort(), evaluate(params, data, { key: KEY, signal })));
  await aborted((signal, abort) => (abort(), latentStatistics(params, data, { signal })));
  await aborted((signal, abort) => evaluate(params, data, { key: KEY, batchSize: 100, signal, onProgress: abort }));
  // Within a batch: a timer of no milliseconds is heard at the first pause.
  await aborted((signal, abort) => {
    setTimeout(abort, 0);
    return evaluate(params, data, { key: KEY, batchSize: 3000, samples: 5000, signal });
  });
  await aborted((signal, abort) => {
    setTimeout(abort, 0);
    return evaluate(params, data, { key: KEY, batchSize: 3000, loss: { objective: "dreg", samples: 5000 }, signal });
  });
});

Deno.test("evaluate names the example of the dataset whose measure is not finite", async () => {
  // Ten white pixels where black ones are expected: each is -log p = 1 / (2 variance) = 4.2e37, together beyond float32.
  const pixels = new Uint8Array(10 * 7).fill(255, 50, 60);
  using data = dataset({ pixels, count: 7, height: 1, width: 10 });
  using dark = dataset({ pixels: new Uint8Array(10 * 7), count: 7, height: 1, width: 10 });
  using state = init({ input: 10, hidden: [], latent: 2, likelihood: "gaussian", variance: 1.2e-38 }, { key: KEY });
  const { params } = state, { decoder } = params, { output } = decoder;
  const zeros = { kernel: tf.zerosLike(output.kernel), bias: tf.zerosLike(output.bias) };
  const black = { ...params, decoder: { ...decoder, output: zeros } };
  for (const options of [{}, { samples: 3 }, { loss: { beta: 2 } }, { loss: { objective: "iwae" } }] as const) {
    assert(Number.isFinite((await evaluate(black, dark, { key: KEY, ...options })).loss));
    const error = await assertRejects(() => evaluate(black, data, { key: KEY, batchSize: 2, ...options }), LossError);
    const wanted = "Cannot evaluate by the reconstruction: expected finite values, got Infinity for the example at 5";
    assertEquals(error.message, wanted);
  }
  tf.dispose(zeros);
});
