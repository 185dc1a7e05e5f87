/** No tensor and no byte of the heap is lost, over any number of steps. */
import {
  dispose,
  elbo,
  encode,
  foldIn,
  generate,
  gradients,
  init,
  key,
  loss,
  random,
  reconstruct,
  sample,
  start,
  type State,
  step,
  tf,
  update,
} from "../../mod.ts";
import { engine } from "../../src/backend/start.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, modelOf } from "./model.ts";

const SMALL = { input: 11, hidden: [7], latent: 3 }, BIG = { input: 784, hidden: [400], latent: 20 };

/** What must not grow. */
function usage() {
  const { memory, runtime } = engine(), { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes, heap: memory.buffer.byteLength, arena: runtime.arena.bytes };
}

/** Fails if `times` calls after the first `warmup` ones leave anything behind. */
function assertFlat(warmup: number, times: number, call: (i: number) => void): void {
  for (let i = 0; i < warmup; i++) call(i);
  const before = usage();
  for (let i = 0; i < times; i++) call(warmup + i);
  assertEquals(usage(), before);
}

/** Trains and checks; whatever was there before is all that is left in the end. */
function assertTrainingIsFlat(config: typeof SMALL, B: number, times: number, donate: boolean): void {
  const { numTensors } = tf.memory(), x = batchOf(B, config.input);
  let state: State = init(config, { key: key(0) });
  assertFlat(20, times, (i) => {
    const [next, { loss }] = step(state, x, { key: foldIn(key(2), i), donate });
    if (!donate) dispose(state);
    state = next;
    assert(Number.isFinite(loss));
  });
  dispose([state, x]);
  assertEquals(tf.memory().numTensors, numTensors);
}

for (const donate of [true, false]) {
  const way = donate ? "a donated state" : "a state disposed of after each";
  Deno.test(`10,000 steps of a small model with ${way} take no more memory than twenty`, () => {
    assertTrainingIsFlat(SMALL, 5, 10_000, donate);
  });
  Deno.test(`300 steps of a model of real size with ${way} take no more memory than twenty`, async () => {
    await start();
    assertTrainingIsFlat(BIG, 128, 300, donate);
  });
}

Deno.test("batches of changing size take no more memory than the largest", () => {
  const { numTensors } = tf.memory();
  let state: State = init(SMALL, { key: key(0) });
  assertFlat(64, 2000, (i) => {
    const x = batchOf(1 + i % 64, SMALL.input, i);
    [state] = step(state, x, { key: foldIn(key(2), i), donate: true });
    dispose(x);
  });
  dispose(state);
  assertEquals(tf.memory().numTensors, numTensors);
});

Deno.test("every function of the api, over and over, leaves nothing behind once its result is disposed of", () => {
  const { numTensors } = tf.memory(), state = modelOf(SMALL), { params } = state, x = batchOf(5, SMALL.input);
  assertFlat(20, 500, (i) => {
    const options = { key: foldIn(key(4), i) };
    const posterior = encode(params, x), [grads] = gradients(params, x, options);
    loss(params, x, options);
    dispose([
      posterior,
      sample(posterior, options),
      elbo(params, x, options),
      reconstruct(params, x, options),
      generate(params, { n: 1 + i % 9, ...options }),
      grads,
      update(state, grads),
      random.bernoulli(options.key, x),
      random.normal(options.key, [1 + i % 9]),
      init(SMALL, options),
    ]);
  });
  dispose([state, x]);
  assertEquals(tf.memory().numTensors, numTensors);
});

Deno.test("errors, over and over, leave nothing behind", () => {
  const { numTensors } = tf.memory(), state = modelOf(SMALL), { params } = state, options = { key: key(0) };
  const wide = batchOf(5, SMALL.input + 1), outside = tf.fill<tf.Rank.R2>([5, SMALL.input], 1.5);
  const x = batchOf(5, SMALL.input), { output } = params.decoder, bias = tf.fill([SMALL.input], NaN);
  const broken = { ...params, decoder: { ...params.decoder, output: { ...output, bias } } };
  const calls = [
    () => encode(params, wide),
    () => encode(params, outside),
    () => reconstruct(params, outside),
    () => elbo(params, outside, options),
    () => gradients(params, wide, options),
    () => gradients(broken, x, options),
    () => loss(broken, x, options),
    () => step({ ...state, params: broken }, x, options),
    () => step({ ...state, params: broken }, x, { ...options, donate: true }),
    () => update(state, params.encoder as never),
    () => update(state, { ...params, decoder: { ...params.decoder, output: { kernel: bias, bias } } }),
    () => generate(params, { n: 2 ** 30, ...options }),
    () => init({ ...SMALL, input: 2 ** 30 }, options),
  ];
  assertFlat(2, 300, () => calls.forEach((call) => assertThrows(call)));
  dispose(step(state, x, { ...options, donate: true })[0]);
  dispose([wide, outside, x, bias]);
  assertEquals(tf.memory().numTensors, numTensors);
});
