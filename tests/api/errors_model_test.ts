/** What is refused of a model: its configuration, its optimizer's settings, and parameters that are not whole. */
import { type ConfigOptions, encode, generate, init, key, type Params, tf } from "../../mod.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { modelOf } from "./model.ts";

const options = { key: key(0) }, CONFIG = { input: 4, hidden: [3], latent: 2 };

function assertRefused(call: () => unknown, error: new (message: string) => Error, message: string): void {
  const { numTensors } = tf.memory();
  assertEquals(assertThrows(call, error).message, message);
  assertEquals(tf.memory().numTensors, numTensors, message);
}

Deno.test("init refuses widths that are no positive integers", () => {
  for (const [width, text] of [[0, "0"], [-3, "-3"], [1.5, "1.5"], [NaN, "NaN"], ["7", '"7"'], [null, "null"]]) {
    const wanted = `to be a positive integer, got ${text}`, bad = width as number;
    const configs: [ConfigOptions, string][] = [
      [{ ...CONFIG, input: bad }, "input"],
      [{ ...CONFIG, latent: bad }, "latent"],
      [{ ...CONFIG, hidden: [3, bad] }, "encoder.hidden[1]"],
      [{ ...CONFIG, encoder: { hidden: [bad] } }, "encoder.hidden[0]"],
      [{ ...CONFIG, decoder: { hidden: [2, 2, bad] } }, "decoder.hidden[2]"],
    ];
    for (const [config, name] of configs) {
      assertRefused(() => init(config, options), RangeError, `Cannot make a model: expected ${name} ${wanted}`);
    }
  }
  for (const name of ["input", "latent"]) {
    const message = `Cannot make a model: expected ${name} to be a positive integer, got none`;
    assertRefused(() => init({ ...CONFIG, [name]: undefined }, options), RangeError, message);
  }
});

Deno.test("init refuses hidden that is no array, and names that are not known", () => {
  const activations = '"relu", "tanh", "sigmoid", "elu", "gelu", "leaky-relu", "silu"';
  const likelihoods = '"bernoulli", "continuous-bernoulli", "gaussian", "gaussian-global", "gaussian-pixel", ' +
    '"squared-error", "laplace", "discretized-logistic"';
  const configs: [unknown, new (message: string) => Error, string][] = [
    [{ hidden: 400 }, TypeError, "encoder.hidden to be an array of widths, got 400"],
    [{ hidden: "400" }, TypeError, 'encoder.hidden to be an array of widths, got "400"'],
    [{ decoder: { hidden: 3 } }, TypeError, "decoder.hidden to be an array of widths, got 3"],
    [{ activation: "swish" }, RangeError, `encoder.activation to be one of ${activations}, got "swish"`],
    [{ activation: "identity" }, RangeError, `encoder.activation to be one of ${activations}, got "identity"`],
    [{ decoder: { activation: "ReLU" } }, RangeError, `decoder.activation to be one of ${activations}, got "ReLU"`],
    [{ likelihood: "poisson" }, RangeError, `likelihood to be one of ${likelihoods}, got "poisson"`],
    [{ likelihood: "toString" }, RangeError, `likelihood to be one of ${likelihoods}, got "toString"`],
  ];
  for (const [members, error, message] of configs) {
    const config = { ...CONFIG, ...members as object };
    assertRefused(() => init(config, options), error, `Cannot make a model: expected ${message}`);
  }
});

Deno.test("init refuses a model larger than the heap, and leaves nothing of it behind", () => {
  const cases: [ConfigOptions, string][] = [
    [{ ...CONFIG, input: 2 ** 30 }, "1073741824, 3"],
    [{ ...CONFIG, hidden: [3, 2 ** 40] }, "3, 1099511627776"],
  ];
  for (const [config, shape] of cases) {
    const message = `Cannot allocate a tensor of shape [${shape}]: the heap has 4 GiB`;
    assertRefused(() => init(config, options), RangeError, message);
  }
});

Deno.test("init refuses what is no key", () => {
  const wanted = "Cannot make a model: expected key to be made by key(seed), split or foldIn, got ";
  assertRefused(() => init(CONFIG, {} as never), TypeError, `${wanted}none`);
  assertRefused(() => init(CONFIG, undefined as never), TypeError, `${wanted}none`);
  assertRefused(() => init(CONFIG, { key: 3 as never }), TypeError, `${wanted}3`);
});

Deno.test("init refuses settings of Adam that are out of range", () => {
  const above = "a finite number above 0";
  const settings: [string, number[], string][] = [
    ["learningRate", [0, -1, NaN, Infinity, 1e39], above],
    ["beta1", [1, -0.1, NaN, 2], "in [0, 1)"],
    ["beta2", [1, -0.1, NaN, 2], "in [0, 1)"],
    ["epsilon", [0, -1e-8, NaN, Infinity, 1e-60], above],
  ];
  for (const [name, values, wanted] of settings) {
    for (const value of values) {
      const message = `Cannot use Adam: expected ${name} to be ${wanted}, got ${value}`;
      assertRefused(() => init(CONFIG, { ...options, optimizer: { [name]: value } }), RangeError, message);
    }
  }
});

Deno.test("parameters are refused that are not those of a whole model", () => {
  const { params } = modelOf(CONFIG), { encoder, config } = params, x = tf.ones<tf.Rank.R2>([2, 4]);
  const gone = tf.ones([3, 2]);
  gone.dispose();
  const withMean = (kernel: unknown) => ({ ...params, encoder: { ...encoder, mean: { ...encoder.mean, kernel } } });
  const cases: [unknown, string][] = [
    [undefined, ": expected params of a model, got none"],
    [{}, ": expected params of a model, got an object"],
    [{ config }, ": expected params of a model, got an object"],
    [{ ...params, encoder: { ...encoder, hidden: [] } }, ": expected params with 1 and 1 hidden layers, got 0 and 1"],
    [withMean(x), ": params.encoder.mean.kernel: expected shape [3, 2], got [2, 4]"],
    [withMean(tf.ones([3, 2], "int32")), ": params.encoder.mean.kernel: expected dtype float32, got int32"],
    [withMean(gone), ": params.encoder.mean.kernel: the tensor was disposed of or donated"],
    [withMean(7), ": params.encoder.mean.kernel: expected a float32 tensor of shape [3, 2], got 7"],
  ];
  for (const [bad, message] of cases) {
    assertRefused(() => encode(bad as Params, x), TypeError, `Cannot encode${message}`);
    assertRefused(() => generate(bad as Params, { n: 1, ...options }), TypeError, `Cannot generate${message}`);
  }
});
