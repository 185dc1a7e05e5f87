/** What the functions on tensors refuse, in which words; none of it leaks a tensor. */
import {
  decode,
  elbo,
  encode,
  generate,
  gradients,
  type Key,
  key,
  loss,
  type Params,
  perExampleLoss,
  reconstruct,
  sample,
  type State,
  step,
  tf,
  update,
} from "../../mod.ts";
import { show } from "../../src/checks/show.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { modelOf } from "./model.ts";

type Refusal = [call: () => unknown, error: new (message: string) => Error, message: string];

const state = modelOf({ input: 4, hidden: [3], latent: 2 }), { params } = state, options = { key: key(0) };
const x = tf.fill<tf.Rank.R2>([2, 4], 0.5), z = tf.fill<tf.Rank.R2>([2, 2], 0.5);
const wide = tf.fill<tf.Rank.R2>([32, 5], 0.5), ints = tf.ones<tf.Rank.R2>([2, 4], "int32");
const flat = tf.ones([4]) as unknown as tf.Tensor2D, empty = tf.zeros<tf.Rank.R2>([0, 4]);
const gone = tf.ones<tf.Rank.R2>([2, 4]);
gone.dispose();

/** A batch with one value that does not belong. */
function xWith(value: number, row: number, col: number): tf.Tensor2D {
  const values = new Float32Array(61 * 4).fill(0.25);
  values[row * 4 + col] = value;
  return tf.tensor2d(values, [61, 4]);
}

function assertRefused(refusals: Refusal[]): void {
  for (const [call, error, message] of refusals) {
    const { numTensors } = tf.memory();
    assertEquals(assertThrows(call, error).message, message);
    assertEquals(tf.memory().numTensors, numTensors, message);
  }
}

/** Every function that takes examples, with how its messages name them. */
const ON_EXAMPLES: [name: string, call: (x: tf.Tensor2D, params: Params) => unknown][] = [
  ["Cannot encode", (x, p) => encode(p, x)],
  ["Cannot encode", (x, p) => reconstruct(p, x)],
  ["Cannot encode", (x, p) => reconstruct(p, x, options)],
  ["Cannot compute the ELBO of", (x, p) => elbo(p, x, options)],
  ["Cannot compute the loss of", (x, p) => loss(p, x, options)],
  ["Cannot compute gradients of", (x, p) => gradients(p, x, options)],
  ["Cannot step with", (x, p) => step({ ...state, params: p }, x, options)],
  ["Cannot step with", (x, p) => step({ ...state, params: p }, x, { ...options, donate: true })],
];

Deno.test("examples are refused for their shape, dtype or kind, by every function that takes them", () => {
  for (const [name, call] of ON_EXAMPLES) {
    assertRefused([
      [() => call(wide, params), TypeError, `${name} x: expected shape [B, 4], got [32, 5]`],
      [() => call(flat, params), TypeError, `${name} x: expected shape [B, 4], got [4]`],
      [() => call(empty, params), TypeError, `${name} x: expected shape [B, 4], got [0, 4]`],
      [() => call(ints, params), TypeError, `${name} x: expected dtype float32, got int32`],
      [() => call(gone, params), TypeError, `${name} x: the tensor was disposed of or donated`],
      [
        () => call([[0, 0, 0, 0]] as never, params),
        TypeError,
        `${name} x: expected a float32 tensor of shape [B, 4], got [an array]; write tf.tensor2d(values, [rows, columns]) for a tensor`,
      ],
      [
        () => call(undefined as never, params),
        TypeError,
        `${name} x: expected a float32 tensor of shape [B, 4], got none`,
      ],
    ]);
  }
});

Deno.test("examples are refused for a value outside [0, 1] or NaN, and the message says where it is", () => {
  const values: [number, string][] = [
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
    [1.5, "1.5"],
    [-0.25, "-0.25"],
    [255, "255"],
  ];
  for (const [name, call] of ON_EXAMPLES) {
    for (const [value, text] of values) {
      for (const [row, col] of [[0, 0], [7, 2], [60, 3]]) {
        const bad = xWith(value, row, col);
        const message =
          `${name} x: expected values in [0, 1] for the likelihood "bernoulli", got ${text} at [${row}, ${col}]`;
        assertRefused([[() => call(bad, params), RangeError, message]]);
        bad.dispose();
      }
    }
  }
});

Deno.test("of several bad values the first is named, whoever finds it", () => {
  const values = new Float32Array(100 * 784).fill(1);
  for (const at of [70_000, 40_011, 39_999]) values[at] = 2;
  const big = modelOf({ input: 784, hidden: [], latent: 1 }), bad = tf.tensor2d(values, [100, 784]);
  const message = `Cannot encode x: expected values in [0, 1] for the likelihood "bernoulli", got 2 at [51, ${
    39_999 - 51 * 784
  }]`;
  assertRefused([[() => encode(big.params, bad), RangeError, message]]);
});

Deno.test("examples of exactly 0, 1 and -0 are taken", () => {
  const edges = tf.tensor2d([[0, 1, -0, 1]]);
  tf.dispose([encode(params, edges), elbo(params, edges, options)]);
});

Deno.test("latent codes are refused for shape, dtype, kind or a value that is not finite", () => {
  const bad = tf.tensor2d([[0, 1], [NaN, Infinity]]), infinite = tf.tensor2d([[0, -Infinity]]);
  assertRefused([
    [() => decode(params, x), TypeError, "Cannot decode z: expected shape [B, 2], got [2, 4]"],
    [() => decode(params, flat), TypeError, "Cannot decode z: expected shape [B, 2], got [4]"],
    [() => decode(params, gone), TypeError, "Cannot decode z: the tensor was disposed of or donated"],
    [() => decode(params, 3 as never), TypeError, "Cannot decode z: expected a float32 tensor of shape [B, 2], got 3"],
    [() => decode(params, bad), RangeError, "Cannot decode z: expected finite values, got NaN at [1, 0]"],
    [() => decode(params, infinite), RangeError, "Cannot decode z: expected finite values, got -Infinity at [0, 1]"],
  ]);
});

Deno.test("a posterior is refused whose parts are no float32 matrices of one shape", () => {
  const missing = "expected a float32 tensor of shape";
  assertRefused([
    [() => sample(undefined as never, options), TypeError, `Cannot sample mean: ${missing} [B, Z], got none`],
    [() => sample({ mean: x } as never, options), TypeError, `Cannot sample logVar: ${missing} [2, 4], got none`],
    [
      () => sample({ mean: x, logVar: z }, options),
      TypeError,
      "Cannot sample logVar: expected shape [2, 4], got [2, 2]",
    ],
    [() => sample({ mean: flat, logVar: x }, options), TypeError, "Cannot sample mean: expected shape [B, Z], got [4]"],
    [
      () => sample({ mean: x, logVar: ints }, options),
      TypeError,
      "Cannot sample logVar: expected dtype float32, got int32",
    ],
    [
      () => sample({ mean: gone, logVar: x }, options),
      TypeError,
      "Cannot sample mean: the tensor was disposed of or donated",
    ],
  ]);
});

Deno.test("what is no key is refused, by every function that takes one", () => {
  const keys: [unknown, string][] = [
    [undefined, "none"],
    [0, "0"],
    [[0, -1], "[0, -1]"],
    [[1, 2 ** 32], "[1, 4294967296]"],
    [[1, 0.5], "[1, 0.5]"],
    [[0, 1, 2], "[0, 1, 2]"],
  ];
  for (const [value, text] of keys) {
    const bad = { key: value as Key }, wanted = `expected key to be made by key(seed), split or foldIn, got ${text}`;
    assertRefused([
      [() => sample({ mean: x, logVar: x }, bad), TypeError, `Cannot sample: ${wanted}`],
      [() => generate(params, { n: 1, ...bad }), TypeError, `Cannot generate: ${wanted}`],
      [() => elbo(params, x, bad), TypeError, `Cannot compute the ELBO: ${wanted}`],
      [() => loss(params, x, bad), TypeError, `Cannot compute the loss: ${wanted}`],
      [() => gradients(params, x, bad), TypeError, `Cannot compute gradients: ${wanted}`],
      [() => step(state, x, bad), TypeError, `Cannot step: ${wanted}`],
    ]);
    if (value !== undefined) {
      assertRefused([[() => reconstruct(params, x, bad), TypeError, `Cannot reconstruct: ${wanted}`]]);
    }
  }
  assertThrows(() => step(state, x, undefined as never), TypeError, "expected key");
});

Deno.test("a beta is refused that is negative or not finite, and n of generate that is no positive integer", () => {
  for (const beta of [-1, -1e-9, NaN, Infinity, 1e39]) {
    const bad = { ...options, beta }, wanted = `expected beta to be a finite number of at least 0, got ${beta}`;
    assertRefused([
      [() => perExampleLoss(params, x, bad), RangeError, `Cannot compute the loss: ${wanted}`],
      [() => loss(params, x, bad), RangeError, `Cannot compute the loss: ${wanted}`],
      [() => gradients(params, x, bad), RangeError, `Cannot compute gradients: ${wanted}`],
      [() => step(state, x, bad), RangeError, `Cannot step: ${wanted}`],
    ]);
  }
  for (const n of [0, -1, 1.5, NaN, Infinity, undefined, "3"]) {
    const message = `Cannot generate: expected n to be a positive integer, got ${show(n)}`;
    assertRefused([[() => generate(params, { ...options, n: n as number }), RangeError, message]]);
  }
});

Deno.test("a result larger than the heap is refused before anything is allocated", () => {
  const message = "Cannot allocate a tensor of shape [536870912, 2]: the heap has 4 GiB";
  assertRefused([[() => generate(params, { ...options, n: 2 ** 29 }), RangeError, message]]);
});

Deno.test("gradients are refused that do not fit the state", () => {
  const { mu } = state, other = modelOf({ input: 4, hidden: [], latent: 2 });
  const swapped = { ...mu, encoder: { ...mu.encoder, mean: mu.encoder.hidden[0] } };
  assertRefused([
    [() => update(state, undefined as never), TypeError, "Cannot update: expected grads of a model, got none"],
    [() => update(state, other.mu), TypeError, "Cannot update: expected grads with 1 and 1 hidden layers, got 0 and 0"],
    [
      () => update(state, swapped, { donate: true }),
      TypeError,
      "Cannot update: grads.encoder.mean.kernel: expected shape [3, 2], got [4, 3]",
    ],
    [
      () => update({} as State, mu),
      TypeError,
      "Cannot update: expected a state made by init, load or step, got an object",
    ],
    [
      () => step(params as never, x, options),
      TypeError,
      "Cannot step: expected a state made by init, load or step, got parameters; " +
      "write the state that they belong to, or init(…) for a new one",
    ],
    [
      () => step({ ...state, nu: swapped }, x, options),
      TypeError,
      "Cannot step: nu.encoder.mean.kernel: expected shape [3, 2], got [4, 3]",
    ],
  ]);
});
