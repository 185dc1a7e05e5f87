/** How long `train` trains, from where, on which batches, and how it is stopped. */
import {
  type Dataset,
  dataset,
  dispose,
  evaluate,
  init,
  key,
  random,
  save,
  schedule,
  type State,
  step,
  type StepEvent,
  tf,
  train,
  type TrainOptions,
  unreached,
} from "../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "./assert.ts";

const CONFIG = { input: 12, hidden: [7], latent: 3 };

function images(count: number, seed = 1): Dataset {
  let x = seed;
  const pixels = Uint8Array.from({ length: 12 * count }, () => (x = Math.imul(x, 1664525) + 1013904223) >>> 24);
  return dataset({ pixels, count, height: 3, width: 4 });
}

/** Trains to the end, and returns the last state and how many steps it took. */
async function trained(state: State, data: Dataset, options: TrainOptions): Promise<{ state: State; steps: number }> {
  let steps = 0;
  for await (const event of train(state, data, { batchSize: 16, donate: true, ...options })) {
    if (event.kind === "step") steps++;
    state = event.state;
  }
  return { state, steps };
}

const begin = () => init(CONFIG, { key: key(0) });

Deno.test("train with epochs trains so many more, and three and then two are the same bits as five", async () => {
  using data = images(50);
  const five = await trained(begin(), data, { epochs: 5 });
  const three = await trained(begin(), data, { epochs: 3 }), more = await trained(three.state, data, { epochs: 2 });
  assertEquals([five.steps, three.steps, more.steps], [20, 12, 8]);
  assertEquals(save(more.state), save(five.state));
  dispose([five.state, more.state]);
});

Deno.test("train with epochs trains on after other data, and after another batch size, in orders of their own", async () => {
  using data = images(50);
  using other = images(33, 5);
  const first = await trained(begin(), data, { epochs: 5 });
  const next = await trained(first.state, other, { epochs: 2 });
  assertEquals([next.steps, next.state.step], [6, 26]);
  const orders = async (state: State, batchSize: number) => {
    const seen: string[] = [];
    for await (const event of train(state, data, { epochs: 3, batchSize })) {
      if (event.kind === "step") seen.push(String((event as StepEvent).metrics.loss));
      state = event.state;
    }
    return seen;
  };
  const seen = await orders(next.state, 10);
  assertEquals([seen.length, new Set(seen).size], [15, 15]);
});

Deno.test("train with untilEpoch continues to so many epochs in all, and refuses to do nothing", async () => {
  using data = images(50);
  const three = await trained(begin(), data, { untilEpoch: 3 }),
    message = "Cannot train: expected untilEpoch above 3, the ";
  for (const untilEpoch of [1, 3]) {
    assertThrows(() => train(three.state, data, { untilEpoch, batchSize: 16 }), RangeError, message);
  }
  const five = await trained(three.state, data, { untilEpoch: 5 });
  assertEquals([three.steps, five.steps], [12, 8]);
  const refused = (options: TrainOptions, error: typeof TypeError | typeof RangeError, message: string) =>
    assertThrows(() => train(five.state, data, options), error, `Cannot train: ${message}`);
  refused({}, TypeError, "expected one of the options epochs and untilEpoch, got neither");
  refused({ epochs: 1, untilEpoch: 9 }, TypeError, "expected one of the options epochs and untilEpoch, got both");
  for (const epochs of [0, -1, 1.5, NaN, "3" as never]) {
    refused({ epochs }, RangeError, "expected epochs to be a positive");
  }
  refused({ epochs: 1, sums: { examples: 1, loss: 1, reconstruction: 1, kl: 1 } }, TypeError, "expected sums with the");
  dispose(five.state);
});

Deno.test("train refuses what is unknown or of the wrong type at the call, and says what to write", () => {
  using data = images(50);
  using state = begin();
  const refused = (options: object, message: string, given: unknown = data) =>
    assertThrows(() => train(state, given as Dataset, { epochs: 1, ...options } as TrainOptions), Error, message);
  refused({ epoch: 3 }, 'Cannot train: unknown option "epoch", did you mean "epochs"?');
  refused({ batch: 3 }, 'Cannot train: unknown option "batch"; write batchSize');
  refused({ binarize: key(1) }, 'got a key; write { binarize: "dynamic", key }');
  refused({ signal: 3 }, "expected signal to be an AbortSignal, got 3");
  refused(
    { test: tf.zeros([2, 12]) },
    "Cannot train: expected test made by dataset, got a float32 tensor of shape [2, 12]",
  );
  refused({}, "Cannot train: expected data made by dataset, got a float32 tensor of shape [2, 12]", tf.zeros([2, 12]));
  refused({}, "got an object", { pixels: new Uint8Array(12) });
  assertThrows(() => train(state.params as never, data, { epochs: 1 }), TypeError, "got parameters; write the state");
  assertThrows(() => train([state, {}] as never, data, { epochs: 1 }), TypeError, "the pair that step returns");
});

Deno.test("train and evaluate stop when their signal says so, and the last state stays good", async () => {
  using data = images(50);
  const controller = new AbortController(), reason = new Error("enough");
  let last: State = begin(), steps = 0;
  const run = async () => {
    for await (
      const event of train(last, data, { epochs: 100, batchSize: 16, donate: true, signal: controller.signal })
    ) {
      last = event.state;
      if (event.kind === "step" && ++steps === 6) controller.abort(reason);
    }
  };
  assertEquals(await assertRejects(run, Error), reason);
  assertEquals([steps, last.step], [6, 6]);
  const [next] = step(last, random.uniform(key(1), [4, 12]), { key: key(2) });
  assertEquals(next.step, 7);
  const { signal } = controller;
  assertEquals(await assertRejects(() => evaluate(last.params, data, { key: key(0), signal }), Error), reason);
  const later = new AbortController(), seen: number[] = [];
  const measured = evaluate(last.params, data, {
    key: key(0),
    samples: 2 ** 16,
    signal: later.signal,
    onProgress: (done) => void (seen.push(done) === 3 && later.abort(reason)),
  });
  assertEquals(await assertRejects(() => measured, Error), reason);
  assertEquals(seen.length, 3);
  dispose([last, next]);
});

Deno.test("evaluate lets timers run while it measures, and tells its progress in rising shares", async () => {
  using data = images(50);
  using state = begin();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1), seen: number[] = [];
  const began = performance.now();
  await evaluate(state.params, data, { key: key(0), samples: 100_000, onProgress: (done) => seen.push(done) });
  const took = performance.now() - began;
  clearInterval(timer);
  assert(took < 250 || ticks > 0, `${ticks} ticks in ${took} ms`);
  assertEquals(seen.at(-1), 1);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("train measures the test set by the objective that it trains with, and the ELBO beside it", async () => {
  using data = images(50);
  const courses = [{ objective: "iwae", samples: 4 }, { objective: "beta-tc", beta: 6 }, { freeBits: 0.4 }] as const;
  for (const course of courses) {
    for await (const event of train(begin(), data, { ...course, epochs: 30, batchSize: 25, test: data })) {
      if (event.kind !== "epoch") continue;
      const { train, test } = event;
      assertEquals(test!.elbo, -test!.reconstruction - test!.kl);
      // The same examples and the same quantity; the model still learns within the epoch.
      if (event.epoch === 30) assertAlmostEquals(train.loss, test!.loss, 0.05 * test!.loss, JSON.stringify(course));
    }
  }
});

Deno.test("a single example left over joins the batch before it where there is batch normalization", async () => {
  using data = images(33);
  const sizes = async (batchNorm: boolean) => {
    const list: number[] = [];
    let before = 0;
    for await (
      const event of train(init({ ...CONFIG, batchNorm }, { key: key(0) }), data, { epochs: 1, batchSize: 16 })
    ) {
      if (event.kind === "step") list.push(event.examples - before), before = event.examples;
    }
    return list;
  };
  assertEquals([await sizes(false), await sizes(true)], [[16, 16, 1], [16, 17]]);
  const normalized = init({ ...CONFIG, batchNorm: true }, { key: key(0) });
  using one = images(1);
  const refused = (data: Dataset, batchSize: number, got: string) =>
    assertThrows(
      () => train(normalized, data, { epochs: 1, batchSize }),
      RangeError,
      `batch normalization, got ${got}`,
    );
  refused(one, 16, "one example");
  refused(data, 1, "batchSize 1");
  const x = random.uniform(key(1), [1, 12]), wanted = "expected at least two examples for batch normalization";
  assertThrows(() => step(normalized, x, { key: key(0) }), RangeError, `Cannot step: ${wanted}`);
});

Deno.test("a short last batch moves the running statistics by its share of a whole one", async () => {
  // All examples are equal, so that only the size of the second batch matters.
  const moved = async (count: number) => {
    using data = dataset({ pixels: new Uint8Array(12 * count).fill(51), count, height: 3, width: 4 });
    const config = { ...CONFIG, hidden: [1], activation: "tanh", batchNorm: true } as const;
    const means: number[] = [];
    for await (const event of train(init(config, { key: key(0) }), data, { epochs: 1, batchSize: 16 })) {
      if (event.kind === "step") means.push(event.state.params.encoder.hidden[0].norm!.mean.dataSync()[0]);
    }
    return means;
  };
  const [first, second] = await moved(20), [, whole] = await moved(32);
  // From the same first batch on, four of sixteen examples move the mean by a quarter of what sixteen do.
  assertAlmostEquals((second - first) / (whole - first), 0.25, 0.02);
});

Deno.test("warm-ups longer than the training are told", async () => {
  using data = images(50);
  const beta = schedule.linear({ steps: 50 }), optimizer = { schedule: schedule.cosine({ steps: 99, warmup: 30 }) };
  const warnings = [
    "the learning rate's factor reaches 0.387 of 1: its warm-up takes 30 steps, but training ends after 12",
    "the weight of the KL reaches 0.22 of 1: its warm-up takes 50 steps, but training ends after 12",
  ];
  assertEquals(unreached({ schedule: optimizer.schedule, beta, steps: 12 }), warnings);
  const { cosine, cyclical, linear } = schedule,
    cosineOnly = (steps: number, end = 0) => unreached({ schedule: cosine({ steps: 100, end }), steps });
  assertEquals(unreached({ schedule: optimizer.schedule, beta, steps: 99 }), []);
  assertEquals(cosineOnly(51), [
    "the learning rate's factor falls to 0.5 instead of 0: its cosine takes 100 steps, but training ends after 51",
  ]);
  assertEquals(cosineOnly(101), ["the learning rate's factor is 0 from step 100 on, but training ends after 101"]);
  assertEquals([cosineOnly(100), cosineOnly(101, 0.1), unreached({ beta: linear({ steps: 9 }), steps: 9 })], [
    [],
    [],
    [],
  ]);
  assertEquals(unreached({ beta: cyclical({ period: 100 }), steps: 26 }), [
    "the weight of the KL reaches 0.5 of 1: its warm-up takes 50 steps, but training ends after 26",
  ]);
  assertEquals(unreached({ beta: 4, steps: 1 }), []);
  const state = init(CONFIG, { key: key(0), optimizer });
  for await (const event of train(state, data, { epochs: 3, batchSize: 16, beta })) {
    if (event.kind === "epoch") assertEquals(event.warnings, warnings);
  }
});
