/** What the edge computes has the bits of what the main module computes, on one thread, in every architecture. */
import * as main from "../../mod.ts";
import * as edge from "../../src/edge/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { CONFIGS, labelsOf, trained, wasm } from "./models.ts";

const { key, random, tf } = main;

/** A tensor as the edge has it. */
function plain(t: main.tf.Tensor): { data: Float32Array; shape: number[] } {
  return { data: t.dataSync<"float32">().slice(), shape: t.shape };
}

/** The same bits, NaN and -0 included. */
function assertBits(name: string, got: { data: Float32Array; shape: readonly number[] }, want: main.tf.Tensor): void {
  const { data, shape } = plain(want);
  assertEquals([...got.shape], shape, name);
  assertEquals(new Int32Array(got.data.slice().buffer), new Int32Array(data.buffer), name);
}

/** Every function of both, on B examples. */
function compare(state: main.State, model: edge.Model, B: number): void {
  const { params } = state, { config } = params, given = labelsOf(B, config.classes);
  const x = random.uniform(key(5), [B, config.input]), X = plain(x);
  const q = main.encode(params, x, given), Q = edge.encode(model, X, given);
  assertBits("mean", Q.mean, q.mean);
  assertBits("logVar", Q.logVar, q.logVar);
  const z = main.sample(q, { key: key(6) }), Z = edge.sample(Q, { key: edge.key(6) });
  assertBits("sample", Z, z);
  const outputs = main.decode(params, z, given), Outputs = edge.decode(model, Z, given);
  assertBits("decode", Outputs, outputs);
  assertBits("reconstruct", edge.reconstruct(model, X, given), main.reconstruct(params, x, given));
  const drawn = { key: key(7), ...given };
  assertBits("reconstruct with a key", edge.reconstruct(model, X, drawn), main.reconstruct(params, x, drawn));
  assertBits("generate", edge.generate(model, { n: B, ...drawn }), main.generate(params, { n: B, ...drawn }));
  const p = main.likelihood(params), P = edge.likelihood(model);
  assertEquals([P.name, P.outputs, P.support], [p.name, p.outputs, p.support]);
  assertBits("the likelihood's mean", P.mean(Outputs), p.mean(outputs));
  assertBits("its sample", P.sample(Outputs, { key: key(7) }), p.sample(outputs, { key: key(7) }));
  assertBits("its logProb", P.logProb(Outputs, X), p.logProb(outputs, x));
  assertBits("decode of numbers without a shape", edge.decode(model, Z.data, given), outputs);
}

for (const [name, config] of Object.entries(CONFIGS)) {
  Deno.test(`${name}: the bits of the main module`, async () => {
    await main.start({ threads: 1 });
    const state = trained(config), model = await edge.load(main.save(state));
    assertEquals(model.config, state.params.config);
    for (const B of [1, 3, 18]) tf.tidy(() => compare(state, model, B));
    main.stop();
  });
}

Deno.test("without relaxed SIMD: the bits of the main module without it", async () => {
  await main.start({ threads: 1, simd: "baseline" });
  for (const name of ["the README's", "conv with batch norm", "discretized-logistic"]) {
    const state = trained(CONFIGS[name]), model = await edge.load(main.save(state), { wasm: wasm("edge_baseline") });
    tf.tidy(() => compare(state, model, 5));
  }
  main.stop();
});

Deno.test("the averaged parameters are used where a checkpoint keeps some", async () => {
  await main.start({ threads: 1 });
  const state = trained(CONFIGS["batch norm"], { learningRate: 0.01, averageDecay: 0.5 });
  const model = await edge.load(main.save(state)), x = random.uniform(key(5), [4, 19]);
  const { mean } = edge.encode(model, plain(x));
  assertBits("mean", mean, main.encode(main.averaged(state), x).mean);
  assert(mean.data.some((value, i) => value !== main.encode(state.params, x).mean.dataSync()[i]));
  main.stop();
});

Deno.test("both modules say the same of bad arguments", async () => {
  await main.start({ threads: 1 });
  const config = { input: 6, hidden: [5], latent: 2, classes: 3 }, state = trained(config), { params } = state;
  const model = await edge.load(main.save(state)), drawn = { key: key(0) }, labels = [0, 1];
  const both: [() => unknown, () => unknown][] = [
    ...[[0, 2], [-0.1, 0], [NaN, 0], [0, Infinity]].map(([a, b]): [() => unknown, () => unknown] => {
      const values = Float32Array.of(0, 0, 0, 0, a, 0, 0, 0, 0, 0, b, 0);
      return [
        () => main.encode(params, tf.tensor2d(values, [2, 6]), { labels }),
        () => edge.encode(model, values, { labels }),
      ];
    }),
    [
      () => main.encode(params, tf.zeros([2, 5]), { labels }),
      () => edge.encode(model, { data: new Float32Array(10), shape: [2, 5] }, { labels }),
    ],
    ...[undefined, [0], [0, 3], [0, -1], [0, 0.5], 3, NaN].map((labels): [() => unknown, () => unknown] => [
      () => main.encode(params, tf.zeros([2, 6]), { labels }),
      () => edge.encode(model, new Float32Array(12), { labels }),
    ]),
    [
      () => main.decode(params, tf.tensor2d([0, NaN], [1, 2]), { labels: 0 }),
      () => edge.decode(model, Float32Array.of(0, NaN), { labels: 0 }),
    ],
    ...[0, -1, 1.5, NaN].map((n): [() => unknown, () => unknown] => [
      () => main.generate(params, { n, ...drawn, labels: 0 }),
      () => edge.generate(model, { n, ...drawn, labels: 0 }),
    ]),
    ...[undefined, [1, 2, 3], 7].map((bad): [() => unknown, () => unknown] => {
      const options = { n: 1, key: bad as unknown as main.Key, labels: 0 };
      return [() => main.generate(params, options), () => edge.generate(model, options)];
    }),
    [
      () => main.likelihood(params).logProb(tf.zeros([1, 6]), tf.fill([1, 6], 2)),
      () => edge.likelihood(model).logProb(new Float32Array(6), new Float32Array(6).fill(2)),
    ],
  ];
  const thrown = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return String(error);
    }
    throw new Error("Nothing was thrown");
  };
  for (const [a, b] of both) assertEquals(thrown(b), thrown(a));
  main.stop();
});
