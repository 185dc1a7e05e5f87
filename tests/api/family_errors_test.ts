/** What models with labels, convolutions, normalization and other likelihoods refuse, in which words; none of it leaks. */
import {
  decode,
  elbo,
  encode,
  generate,
  gradients,
  init,
  key,
  likelihood,
  type LikelihoodName,
  loss,
  LossError,
  type Params,
  reconstruct,
  save,
  type State,
  step,
  type Tensors,
  tf,
  update,
} from "../../mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { ARCHITECTURES, examplesOf, familyOf, labelsFor, replaced } from "./family.ts";
import { bitsOf } from "./model.ts";

type Refusal = [call: () => unknown, error: new (message: string) => Error, message: string];

function assertRefused(refusals: Refusal[]): void {
  for (const [call, error, message] of refusals) {
    const { numTensors } = tf.memory();
    assertEquals(assertThrows(call, error).message, message);
    assertEquals(tf.memory().numTensors, numTensors, message);
  }
}

const BASE = { input: 16, latent: 2, hidden: [5] }, options = { key: key(0) };
const plain = familyOf(BASE), conditional = familyOf({ ...BASE, classes: 3, embedding: 2 });
const convolutional = familyOf({ ...BASE, channels: [3] }), normal = familyOf({ ...BASE, batchNorm: true });
const calibrated = familyOf({ ...BASE, likelihood: "gaussian-global" });
const x = tf.fill<tf.Rank.R2>([4, 16], 0.5), z = tf.fill<tf.Rank.R2>([4, 2], 0.5);

/** Every function that takes labels, with how its messages name it. */
const ON_LABELS: [name: string, call: (state: State, labels: unknown) => unknown][] = [
  ["Cannot encode x", ({ params }, labels) => encode(params, x, { labels } as never)],
  ["Cannot encode x", ({ params }, labels) => reconstruct(params, x, { labels } as never)],
  ["Cannot decode z", ({ params }, labels) => decode(params, z, { labels } as never)],
  ["Cannot decode z", ({ params }, labels) => generate(params, { n: 4, ...options, labels } as never)],
  ["Cannot compute the ELBO of x", ({ params }, labels) => elbo(params, x, { ...options, labels } as never)],
  ["Cannot compute the loss of x", ({ params }, labels) => loss(params, x, { ...options, labels } as never)],
  ["Cannot compute gradients of x", ({ params }, labels) => gradients(params, x, { ...options, labels } as never)],
  ["Cannot step with x", (state, labels) => step(state, x, { ...options, labels } as never)],
  ["Cannot step with x", (state, labels) => step(state, x, { ...options, labels, donate: true } as never)],
];

Deno.test("labels are refused that are missing, too few, too many, out of range, or not asked for", () => {
  for (const [name, call] of ON_LABELS) {
    const wanted = `${name}: expected 4 labels in [0, 3), got `, other = () => tf.tensor1d([0, 1, 2, 0], "int32");
    assertRefused([
      [() => call(conditional, undefined), TypeError, `${wanted}none`],
      [() => call(conditional, null), TypeError, `${wanted}none`],
      [() => call(conditional, []), TypeError, `${wanted}0`],
      [() => call(conditional, [0, 1, 2]), TypeError, `${wanted}3`],
      [() => call(conditional, new Uint8Array(5)), TypeError, `${wanted}5`],
      [() => tf.tidy(() => call(conditional, other())), TypeError, `${wanted}a tensor; write labels.dataSync()`],
      [() => call(conditional, true), TypeError, `${wanted}true, which has no length`],
      [() => call(conditional, 3), RangeError, `${wanted}3 at 0`],
      [() => call(conditional, -1), RangeError, `${wanted}-1 at 0`],
      [() => call(conditional, [0, 1, 2, 3]), RangeError, `${wanted}3 at 3`],
      [() => call(conditional, [0, 1.5, 2, 0]), RangeError, `${wanted}1.5 at 1`],
      [() => call(conditional, [0, NaN, 2, 0]), RangeError, `${wanted}NaN at 1`],
      [() => call(conditional, ["0", "1", "2", "0"]), RangeError, `${wanted}"0" at 0`],
      [() => call(plain, 0), TypeError, `${name}: expected no labels, since the model has no classes, got some`],
    ]);
  }
  const one = tf.ones<tf.Rank.R2>([1, 2]), message = "Cannot decode z: expected 1 label in [0, 3), got none";
  assertRefused([[() => decode(conditional.params, one), TypeError, message]]);
});

Deno.test("parameters of another architecture are refused, with more or with less than the model's own", () => {
  const as = (state: State, { params: { config } }: State): Params => ({ ...state.params, config });
  const more = (what: string) => `expected params of the model's own architecture, got params.${what} besides`;
  const none = (what: string, shape: string) =>
    `params.${what}: expected a float32 tensor of shape [${shape}], got none`;
  const flat = familyOf({ input: 16, latent: 2, hidden: [5], channels: [3], decoder: { channels: [] } });
  const cases: [params: Params, message: string][] = [
    [as(plain, flat), none("encoder.conv.0.kernel", "4, 4, 1, 3")],
    [as(plain, convolutional), "expected params with 1 and 2 hidden layers, got 1 and 1"],
    [as(plain, normal), none("encoder.hidden.0.norm.scale", "5")],
    [as(plain, calibrated), none("decoder.logVar", "1")],
    [as(plain, conditional), "params.encoder.hidden.0.kernel: expected shape [18, 5], got [16, 5]"],
    [as(normal, plain), more("encoder.hidden.0.norm.scale")],
    [as(calibrated, plain), more("decoder.logVar")],
    [
      { ...plain.params, encoder: { ...plain.params.encoder, embedding: z } },
      more("encoder.embedding"),
    ],
  ];
  for (const [params, message] of cases) {
    const labels = params.config.classes > 0 ? 0 : undefined;
    assertRefused([
      [() => encode(params, x, { labels }), TypeError, `Cannot encode: ${message}`],
      [() => decode(params, z, { labels }), TypeError, `Cannot decode: ${message}`],
      [() => gradients(params, x, { ...options, labels }), TypeError, `Cannot compute gradients: ${message}`],
      [() => likelihood(params), TypeError, `Cannot tell the likelihood: ${message}`],
    ]);
  }
});

Deno.test("trees of another architecture are refused by step, update and save", () => {
  const more = (tree: string, what: string) =>
    `expected ${tree} of the model's own architecture, got ${tree}.${what} besides`;
  const scale = "encoder.hidden.0.norm.scale", params = { ...normal.params, config: plain.params.config };
  assertRefused([
    [() => update(plain, calibrated.mu), TypeError, `Cannot update: ${more("grads", "decoder.logVar")}`],
    [() => update(plain, normal.mu), TypeError, `Cannot update: ${more("grads", scale)}`],
    [() => step({ ...plain, params }, x, options), TypeError, `Cannot step: ${more("params", scale)}`],
    [() => step({ ...plain, mu: normal.mu }, x, options), TypeError, `Cannot step: ${more("mu", scale)}`],
    [
      () => step({ ...plain, nu: normal.nu }, x, { ...options, donate: true }),
      TypeError,
      `Cannot step: ${more("nu", scale)}`,
    ],
    [() => save({ ...plain, nu: normal.nu }), TypeError, `Cannot save: ${more("nu", scale)}`],
  ]);
  tf.dispose(step(plain, x, options)[0]);
});

Deno.test("values outside of a likelihood's support are refused, and the message names it", () => {
  const values: [LikelihoodName, number[], string][] = [
    ["bernoulli", [-0.5, 2, NaN], "values in [0, 1]"],
    ["continuous-bernoulli", [-0.5, 2, NaN], "values in [0, 1]"],
    ["discretized-logistic", [-0.5, 2, NaN], "values in [0, 1]"],
    ["gaussian", [NaN, Infinity], "finite values"],
    ["gaussian-global", [NaN, -Infinity], "finite values"],
    ["gaussian-pixel", [NaN, Infinity], "finite values"],
    ["squared-error", [NaN, Infinity], "finite values"],
    ["laplace", [NaN, Infinity], "finite values"],
  ];
  for (const [name, list, wanted] of values) {
    const state = familyOf({ ...BASE, likelihood: name }), { params } = state, outputs = decode(params, z);
    const good = examplesOf(params.config, 4);
    tf.dispose([encode(params, good), elbo(params, good, options)]);
    for (const value of list) {
      const bad = tf.tensor2d(good.dataSync().map((v, i) => i === 21 ? value : v), [4, 16]);
      const message = `x: expected ${wanted} for the likelihood "${name}", got ${value} at [1, 5]`;
      assertRefused([
        [() => encode(params, bad), RangeError, `Cannot encode ${message}`],
        [() => step(state, bad, options), RangeError, `Cannot step with ${message}`],
        [() => likelihood(params).logProb(outputs, bad), RangeError, `Cannot compute log p(x) of ${message}`],
      ]);
    }
  }
});

Deno.test("a likelihood refuses outputs and examples that do not fit", () => {
  const { params } = familyOf({ ...BASE, likelihood: "gaussian-pixel" }), p = likelihood(params);
  const outputs = decode(params, z), half = tf.ones<tf.Rank.R2>([4, 16]), few = tf.ones<tf.Rank.R2>([3, 16]);
  assertRefused([
    [() => p.mean(half), TypeError, "Cannot give the mean of outputs: expected shape [B, 32], got [4, 16]"],
    [() => p.sample(half, options), TypeError, "Cannot sample from outputs: expected shape [B, 32], got [4, 16]"],
    [
      () => p.sample(outputs, {} as never),
      TypeError,
      "Cannot sample from: expected key to be made by key(seed), split or foldIn, got none",
    ],
    [
      () => p.logProb(half, half),
      TypeError,
      "Cannot compute log p(x) of outputs: expected shape [B, 32], got [4, 16]",
    ],
    [() => p.logProb(outputs, few), TypeError, "Cannot compute log p(x) of x: expected shape [4, 16], got [3, 16]"],
  ]);
});

Deno.test("a loss that is not finite names its term and step, and leaves the state unharmed", () => {
  const state = { ...familyOf(ARCHITECTURES["everything"], 2), step: 41 }, { params } = state;
  const x = examplesOf(params.config, 4), labels = labelsFor(params.config, 4);
  const broken = (at: string, value: number): State => ({
    ...state,
    params: replaced(params, (t, name) => name === at ? tf.fill(t.shape, value) : undefined),
  });
  const cases: [name: string, value: number, term: string][] = [
    ["decoder.output.bias", NaN, "the reconstruction term is NaN"],
    ["decoder.embedding", NaN, "the reconstruction term is NaN"],
    ["encoder.conv.0.kernel", NaN, "the reconstruction term is NaN"],
    ["encoder.hidden.0.norm.scale", NaN, "the reconstruction term is NaN"],
    ["encoder.mean.bias", 1e30, "the kl term is Infinity"],
  ];
  for (const [name, value, term] of cases) {
    const bad = broken(name, value), before = bitsOf(bad), { numTensors } = tf.memory();
    for (const donate of [false, true]) {
      const { message } = assertThrows(() => step(bad, x, { ...options, labels, donate }), LossError);
      assert(message.startsWith("Cannot step: the ") && message.includes(" at step 41;"), message);
      assert(message.includes(term), message);
    }
    assertThrows(() => gradients(bad.params, x, { ...options, labels }), LossError, "Cannot compute gradients: the ");
    assertEquals([bitsOf(bad), tf.memory().numTensors], [before, numTensors]);
  }
  const [next] = step(state, x, { ...options, labels });
  assertEquals(next.step, 42);
});

Deno.test("init refuses an embedding without classes, an image that does not fit, a variance of 0", () => {
  const refused = (config: object, message: string): Refusal => [
    () => init({ ...BASE, ...config }, options),
    RangeError,
    `Cannot make a model: expected ${message}`,
  ];
  assertRefused([
    refused({ embedding: 4 }, "embedding to be 0 where there are no classes, got 4"),
    refused({ image: [3, 5, 1] }, "image to be [height, width, channels] of 16 values together, got [3, 5, 1]"),
    refused({ channels: [1, 1, 1] }, "image to be at least 8 x 8, to be halved 3 times, got [4, 4, 1]"),
    refused({ likelihood: "gaussian", variance: 0 }, "variance to be a finite number above 0, got 0"),
  ]);
});

Deno.test("a disposed tensor of any part is named", () => {
  const parts = ["encoder.conv.0.norm.mean", "encoder.embedding", "decoder.conv.0.kernel", "decoder.logVar"];
  for (const part of parts) {
    const { params } = familyOf({ ...ARCHITECTURES["everything"], likelihood: "gaussian-global" }, 1);
    const x = examplesOf(params.config, 2),
      tree: Tensors = replaced(params, (t, name) => {
        if (name === part) t.dispose();
        return undefined;
      });
    const message = `Cannot encode: params.${part}: the tensor was disposed of or donated`;
    assertRefused([[() => encode(tree as Params, x, { labels: 0 }), TypeError, message]]);
  }
});
