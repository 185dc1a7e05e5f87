/** `train` with a weight of the KL that changes, with every setting of the optimizer, and stopped anywhere. */
import {
  averaged,
  type Dataset,
  dataset,
  dispose,
  type EpochEvent,
  evaluate,
  foldIn,
  init,
  key,
  load,
  save,
  schedule,
  type State,
  type StepEvent,
  type Sums,
  train,
  type TrainOptions,
} from "../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "./assert.ts";

const CONFIG = { input: 12, hidden: [7], latent: 3 };

const OPTIMIZER = {
  learningRate: 1e-2,
  weightDecay: 0.1,
  clipNorm: 1,
  schedule: schedule.cosine({ steps: 12, warmup: 2 }),
  averageDecay: 0.8,
};

/** The warm-up ends within the second epoch of four steps. */
const BETA = schedule.linear({ to: 0.8, steps: 6 });

/** Images that look random, always the same. */
function images(count: number, seed: number): Dataset {
  let x = seed;
  const pixels = Uint8Array.from({ length: 12 * count }, () => (x = Math.imul(x, 1664525) + 1013904223) >>> 24);
  return dataset({ pixels, count, height: 3, width: 4 });
}

/** All events of a training; the state of each but the last is gone. */
async function events(state: State, options: Partial<TrainOptions>): Promise<(StepEvent | EpochEvent)[]> {
  using data = images(50, 1);
  using test = images(20, 2);
  const list: (StepEvent | EpochEvent)[] = [];
  const all: TrainOptions = { untilEpoch: 3, batchSize: 16, test, binarize: "dynamic", donate: true, ...options };
  for await (const event of train(state, data, all)) list.push(event);
  return list;
}

const steps = (list: (StepEvent | EpochEvent)[]) => list.filter((event) => event.kind === "step");
const epochs = (list: (StepEvent | EpochEvent)[]) => list.filter((event) => event.kind === "epoch");

Deno.test("train weighs the KL of each step by its schedule, and tells the mean of the losses as trained", async () => {
  const list = await events(init(CONFIG, { key: key(0) }), { beta: BETA });
  steps(list).forEach(({ metrics: { loss, reconstruction, kl } }, i) => {
    assertEquals(loss, reconstruction + Math.min(1, i / 6) * 0.8 * kl);
  });
  const sizes = [16, 16, 16, 2];
  epochs(list).forEach(({ train }, epoch) => {
    for (const name of ["loss", "reconstruction", "kl"] as const) {
      const own = steps(list).slice(4 * epoch, 4 * epoch + 4).map(({ metrics }) => metrics[name]);
      const mean = own.reduce((sum, value, i) => sum + sizes[i] * value, 0) / 50;
      assertAlmostEquals(train[name], mean, 1e-12 * mean);
    }
  });
  dispose(list.at(-1)!.state);
});

Deno.test("train measures the test set with the weight of the KL that the last step had, and by averaged parameters", async () => {
  for (const [beta, weight] of [[0.5, 0.5], [BETA, 0.8]] as const) {
    for (const optimizer of [{}, OPTIMIZER]) {
      const list = await events(init(CONFIG, { key: key(0), optimizer }), { beta });
      const { state, test } = epochs(list).at(-1)!, params = state.average ? averaged(state) : state.params;
      assertAlmostEquals(test!.loss, test!.reconstruction + weight * test!.kl, 1e-12 * test!.loss);
      using data = images(20, 2);
      const options = { key: foldIn(state.key, 3), loss: { beta: weight }, binarize: "dynamic" } as const;
      assertEquals(test, await evaluate(params, data, options));
      if (state.average) assert(test!.loss !== (await evaluate(state.params, data, options)).loss);
      dispose(state);
    }
  }
});

Deno.test("train stopped at any step, saved, loaded and resumed gives the same bits and the same means", async () => {
  const begin = () => init(CONFIG, { key: key(0), optimizer: OPTIMIZER });
  const straight = await events(begin(), { beta: BETA }), wanted = save(straight.at(-1)!.state);
  const told = (list: (StepEvent | EpochEvent)[]) => epochs(list).map(({ train, test }) => ({ train, test }));
  for (const stop of [1, 4, 6, 11]) {
    using data = images(50, 1);
    let bytes: Uint8Array | undefined, sums: Sums | undefined;
    for await (const event of train(begin(), data, { epochs: 3, batchSize: 16, binarize: "dynamic", beta: BETA })) {
      if (event.kind !== "step" || event.state.step < stop) continue;
      bytes = save(event.state);
      sums = JSON.parse(JSON.stringify(event.sums));
      dispose(event.state);
      break;
    }
    const rest = await events(load(bytes!), { beta: BETA, sums: stop % 4 === 0 ? undefined : sums });
    assertEquals(save(rest.at(-1)!.state), wanted, `stopped at step ${stop}`);
    assertEquals(told(rest), told(straight).slice(-told(rest).length), `stopped at step ${stop}`);
    dispose(rest.at(-1)!.state);
  }
  dispose(straight.at(-1)!.state);
});

Deno.test("train refuses a beta that is no schedule before it begins", async () => {
  const state = init(CONFIG, { key: key(0) });
  const bad = (beta: unknown) => () => events(state, { beta: beta as number });
  const message = "Cannot train: expected steps of a linear schedule to be a positive integer, got 0";
  await assertRejects(bad({ kind: "linear", from: 0, to: 1, steps: 0 }), RangeError, message);
  await assertRejects(
    bad({ kind: "ramp" }),
    RangeError,
    "Cannot train: expected a schedule's kind to be one of cosine",
  );
  await assertRejects(bad("linear"), TypeError, 'Cannot train: expected a schedule or a number, got "linear"');
  await assertRejects(bad(-1), RangeError, "expected beta to be a finite number of at least 0, got -1");
  dispose(state);
});
