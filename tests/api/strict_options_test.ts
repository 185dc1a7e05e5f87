/** Misspelt options and likely mistakes are refused by every public function, with what to write instead. */
import {
  averaged,
  decode,
  encode,
  generate,
  gradients,
  init,
  interpolate,
  key,
  likelihood,
  preset,
  random,
  reconstruct,
  sample,
  save,
  schedule,
  start,
  step,
  tf,
  traverse,
  update,
} from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";

const CONFIG = { input: 4, hidden: [3], latent: 2 }, k = { key: key(0) };
const state = init(CONFIG, k), { params, mu } = state;
const x = tf.fill<tf.Rank.R2>([2, 4], 0.5), z = tf.fill<tf.Rank.R2>([2, 2], 0.5), posterior = encode(params, x);

/** Every function that takes options, with a misspelt one, and the option that is meant. */
const MISSPELT: [call: (wrong: object) => unknown, wrong: string, meant: string][] = [
  [(wrong) => init({ ...CONFIG, ...wrong }, k), "hiden", "hidden"],
  [(wrong) => init({ ...CONFIG, encoder: wrong }, k), "batchnorm", "batchNorm"],
  [(wrong) => init({ ...CONFIG, decoder: wrong }, k), "activaton", "activation"],
  [(wrong) => init(CONFIG, { ...k, optimizer: wrong }), "lr", "learningRate"],
  [(wrong) => init(CONFIG, { ...k, ...wrong }), "optimiser", "optimizer"],
  [(wrong) => step(state, x, { ...k, ...wrong }), "bta", "beta"],
  [(wrong) => step(state, x, { ...k, ...wrong }), "donte", "donate"],
  [(wrong) => gradients(params, x, { ...k, ...wrong }), "free_bits", "freeBits"],
  [(wrong) => update(state, mu, wrong), "donated", "donate"],
  [(wrong) => encode(params, x, wrong), "label", "labels"],
  [(wrong) => decode(params, z, wrong), "lables", "labels"],
  [(wrong) => sample(posterior, { ...k, ...wrong }), "keys", "key"],
  [(wrong) => reconstruct(params, x, wrong), "Key", "key"],
  [(wrong) => generate(params, { n: 1, ...k, ...wrong }), "label", "labels"],
  [(wrong) => likelihood(params).sample(decode(params, z), { ...k, ...wrong }), "keyy", "key"],
  [(wrong) => interpolate(z, z, { steps: 2, ...wrong }), "metod", "method"],
  [(wrong) => traverse(tf.tensor1d([1, 2]), { dimension: 0, values: [1], ...wrong }), "value", "values"],
  [(wrong) => random.uniform(key(0), [2], wrong), "hi", "high"],
  [(wrong) => save(state, wrong), "meta", "metadata"],
  [(wrong) => preset("tutorial", wrong), "inputs", "input"],
  [(wrong) => schedule.cosine({ steps: 9, ...wrong }), "warm_up", "warmup"],
  [(wrong) => schedule.stepwise({ boundaries: [1], factor: 1, ...wrong }), "factorz", "factor"],
  [(wrong) => schedule.linear({ steps: 9, ...wrong }), "form", "from"],
  [(wrong) => schedule.cyclical({ period: 9, ...wrong }), "ramps", "ramp"],
];

Deno.test("an option that is misspelt is refused by name, with the one that is meant, and nothing is left behind", () => {
  for (const [call, wrong, meant] of MISSPELT) {
    const { numTensors } = tf.memory();
    tf.tidy(() => {
      const { message } = assertThrows(() => call({ [wrong]: 1 }), TypeError);
      assert(message.includes(`"${wrong}", did you mean "${meant}"?`), message);
    });
    assertEquals(tf.memory().numTensors, numTensors, wrong);
  }
});

Deno.test("start refuses an option that is misspelt", async () => {
  const error = await assertRejects(() => start({ thread: 2 } as object), TypeError);
  assertEquals(
    error.message,
    'Cannot start: unknown option "thread", did you mean "threads"? Known options are threads and simd',
  );
});

Deno.test("a likely mistake is answered with what to write instead", () => {
  const pair = step(state, x, k), graded = gradients(params, x, k);
  const cases: [call: () => unknown, message: string][] = [
    [() => step(pair as never, x, k), "the pair that step returns; take it apart: const [next, metrics] = step(…)"],
    [() => averaged(pair as never), "the pair that step returns"],
    [() => update(state, graded as never), "the pair that gradients returns; take it apart"],
    [() => encode(state as never, x), "a state; write state.params for its parameters"],
    [() => generate(state as never, { n: 1, ...k }), "a state; write state.params"],
    [() => save(params as never), "parameters; write the state that they belong to"],
    [() => encode(Promise.resolve() as never, x), "a promise; await it"],
    [() => decode(params, posterior as never), "a posterior; write sample(posterior, { key }) or posterior.mean"],
    [() => encode(params, [[1, 2, 3, 4]] as never), "[an array]; write tf.tensor2d(values, [rows, columns])"],
    [() => encode(params, new Float32Array(4) as never), "a Float32Array of 4; write tf.tensor2d"],
    [() => encode(params, { a: 1 } as never), "got an object"],
    [() => encode("model" as never, x), 'got "model"'],
  ];
  for (const [call, message] of cases) {
    const error = assertThrows(call, TypeError);
    assert(error.message.includes(message), `${error.message}\n${message}`);
  }
});

Deno.test("labels that are a tensor are refused with what to write", () => {
  const conditional = init({ ...CONFIG, classes: 3 }, k), labels = tf.tensor1d([0, 1], "int32");
  const { message } = assertThrows(() => encode(conditional.params, x, { labels: labels as never }), TypeError);
  assert(message.endsWith("got a tensor; write labels.dataSync()"), message);
});

Deno.test("options of another type than an object, and donate that is no boolean, are refused", () => {
  const wanted = "Cannot encode: expected options to be an object such as { labels: … }, got 3";
  assertEquals(assertThrows(() => encode(params, x, 3 as never), TypeError).message, wanted);
  const { message } = assertThrows(() => step(state, x, { ...k, donate: "no" as never }), TypeError);
  assertEquals(message, 'Cannot step: expected donate to be true or false, got "no"');
});
