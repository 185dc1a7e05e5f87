/** New models: shapes, first values, and what a state begins with. */
import { type ConfigOptions, dispose, encode, generate, init, key, split, tf } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { batchOf, bitsOf, floatsOf } from "./model.ts";
import { entries } from "./reference.ts";
import { uniform } from "./threefry.ts";

const OPTIONS = { key: key(0) };

/** The shapes of a new model's parameters by name. */
function shapesOf(config: ConfigOptions): Record<string, number[]> {
  return tf.tidy(() => Object.fromEntries(entries(init(config, OPTIONS).params).map(([name, t]) => [name, t.shape])));
}

/** The shapes of dense layers as `[name, inputs, outputs]` lists them. */
function layers(...list: [name: string, inputs: number, outputs: number][]): Record<string, number[]> {
  return Object.fromEntries(
    list.flatMap(([name, inputs, outputs]) => [[`${name}.kernel`, [inputs, outputs]], [`${name}.bias`, [outputs]]]),
  );
}

Deno.test("init mirrors the encoder's hidden layers in the decoder", () => {
  assertEquals(
    shapesOf({ input: 784, hidden: [300, 97], latent: 7 }),
    layers(
      ["encoder.hidden.0", 784, 300],
      ["encoder.hidden.1", 300, 97],
      ["encoder.mean", 97, 7],
      ["encoder.logVar", 97, 7],
      ["decoder.hidden.0", 7, 97],
      ["decoder.hidden.1", 97, 300],
      ["decoder.output", 300, 784],
    ),
  );
});

Deno.test("init makes a linear model of no hidden layers, and one of 400 by default", () => {
  const linear = layers(["encoder.mean", 5, 2], ["encoder.logVar", 5, 2], ["decoder.output", 2, 5]);
  assertEquals(shapesOf({ input: 5, hidden: [], latent: 2 }), linear);
  assertEquals(shapesOf({ input: 5, latent: 2 })["decoder.hidden.0.kernel"], [2, 400]);
  assertEquals(shapesOf({ input: 1, hidden: [1], latent: 1 })["encoder.hidden.0.kernel"], [1, 1]);
});

Deno.test("init takes encoder and decoder apart, and mirrors what is set of the encoder alone", () => {
  const shapes = shapesOf({ input: 9, latent: 2, encoder: { hidden: [8, 7] }, decoder: { hidden: [3, 4, 5] } });
  assertEquals([shapes["encoder.hidden.1.kernel"], shapes["encoder.mean.kernel"]], [[8, 7], [7, 2]]);
  assertEquals([shapes["decoder.hidden.0.kernel"], shapes["decoder.hidden.2.kernel"]], [[2, 3], [4, 5]]);
  assertEquals(shapes["decoder.output.kernel"], [5, 9]);
  const mirrored = shapesOf({ input: 9, latent: 2, encoder: { hidden: [8, 7] } });
  assertEquals([mirrored["decoder.hidden.0.kernel"], mirrored["decoder.output.kernel"]], [[2, 7], [8, 9]]);
});

Deno.test("the configuration that a model keeps is complete and frozen, and makes the same model again", () => {
  tf.tidy(() => {
    const { params } = init({ input: 9, latent: 2, hidden: [4], decoder: { activation: "tanh" } }, OPTIONS);
    const { config } = params;
    assertEquals(config, {
      input: 9,
      latent: 2,
      likelihood: "bernoulli",
      variance: 1,
      classes: 0,
      embedding: 0,
      encoder: { hidden: [4], activation: "relu", channels: [], batchNorm: false },
      decoder: { hidden: [4], activation: "tanh", channels: [], batchNorm: false },
    });
    for (const part of [config, config.encoder, config.encoder.hidden, config.decoder]) assert(Object.isFrozen(part));
    const again = init(config, OPTIONS).params;
    assertEquals(again.config, config);
    assertEquals(bitsOf(again), bitsOf(params));
  });
});

Deno.test("init keeps no hold of the arrays that it is given", () => {
  tf.tidy(() => {
    const hidden = [4, 3], { params } = init({ input: 5, latent: 2, hidden }, OPTIONS);
    hidden[0] = 99;
    assertEquals([params.config.encoder.hidden, params.config.decoder.hidden], [[4, 3], [3, 4]]);
    assertEquals(encode(params, batchOf(2, 5)).mean.shape, [2, 2]);
  });
});

/** PyTorch's bound for a linear layer's kernel and bias: 1 / sqrt(inputs), for each of the model's tensors. */
function limitsOf(tensors: [string, tf.Tensor][]): number[] {
  let inputs = 0;
  return tensors.map(([, t]) => {
    if (t.rank === 2) inputs = t.shape[0]!;
    return 1 / Math.sqrt(inputs);
  });
}

Deno.test("kernels and biases are uniform within 1 / sqrt(inputs)", () => {
  tf.tidy(() => {
    const tensors = entries(init({ input: 784, hidden: [300, 97], latent: 7 }, OPTIONS).params);
    const limits = limitsOf(tensors);
    tensors.forEach(([name, t], i) => {
      const values = floatsOf(t), n = values.length, limit = limits[i], variance = limit ** 2 / 3;
      const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      assert(largest <= Math.fround(limit), `${name} exceeds ${limit}`);
      assert(largest > limit * (1 - 10 / n), `${name} does not reach ${limit}`);
      const mean = values.reduce((a, b) => a + b) / n, second = values.reduce((sum, v) => sum + v * v, 0) / n;
      assertAlmostEquals(mean, 0, 4 * Math.sqrt(variance / n), `mean of ${name}`);
      // A uniform's fourth moment is 9/5 of its variance squared.
      assertAlmostEquals(second, variance, 4 * variance * Math.sqrt(0.8 / n), `variance of ${name}`);
    });
  });
});

Deno.test("each tensor is drawn with a key of its own, and the state keeps another", () => {
  tf.tidy(() => {
    const k = key(5), tensors = entries(init({ input: 6, hidden: [5], latent: 3 }, { key: k }).params);
    const limits = limitsOf(tensors), keys = split(split(k)[0], tensors.length);
    tensors.forEach(([name, t], i) => {
      assertEquals([...floatsOf(t)], uniform(keys[i], t.size, -limits[i], limits[i]), name);
    });
  });
});

Deno.test("the same key gives the same bits, another one other tensors", () => {
  tf.tidy(() => {
    const config = { input: 11, hidden: [7], latent: 3 };
    const [a, b, c] = [key(1), key(1), key(2)].map((k) => bitsOf(init(config, { key: k }).params));
    assertEquals(a, b);
    entries(init(config, OPTIONS).params).forEach(([name], i) => {
      assert(a[i].some((bits, j) => bits !== c[i][j]), name);
    });
  });
});

Deno.test("a state begins at step 0 with moments of 0, a key of its own, and the paper's settings of Adam", () => {
  tf.tidy(() => {
    const config = { input: 4, hidden: [3], latent: 2 }, state = init(config, { key: key(9) });
    assertEquals([state.step, state.key], [0, split(key(9))[1]]);
    assertEquals(state.optimizer, { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    const shapes = entries(state.params).map(([name, t]) => [name, t.shape]);
    for (const moments of [state.mu, state.nu]) {
      assertEquals(entries(moments).map(([name, t]) => [name, t.shape]), shapes);
      assert(entries(moments).every(([, t]) => floatsOf(t).every((v) => v === 0)));
    }
    const other = init(config, { key: key(9), optimizer: { learningRate: 0.5 } });
    assertEquals(other.optimizer, { learningRate: 0.5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  });
});

Deno.test("init makes as many tensors as a state has, and dispose takes all of them back", () => {
  const before = tf.memory().numTensors, state = init({ input: 4, hidden: [3], latent: 2 }, OPTIONS);
  assertEquals(tf.memory().numTensors, before + 3 * 10);
  generate(state.params, { n: 1, key: key(1) }).dispose();
  dispose(state);
  dispose(state);
  assertEquals(tf.memory().numTensors, before);
});
