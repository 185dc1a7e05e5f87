/** Gradients against central differences of the same model in float64. */
import {
  type Activation,
  type ConfigOptions,
  gradients,
  key,
  type Params,
  perExampleLoss,
  random,
  tf,
} from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { batchOf, floatsOf, modelOf, tensorAt, withTensors } from "./model.ts";
import { array64, centralDifferences, entries, map, referenceLoss, relativeError } from "./reference.ts";

/** Largest error of a gradient tensor: so much of its own norm, and for terms that cancel so much of all tensors'. */
const OWN = 1e-6, ALL = 1e-7;

const ACTIVATIONS: Activation[] = ["relu", "tanh", "sigmoid", "elu", "gelu", "leaky-relu", "silu"];

function assertGradients(params: Params, x: tf.Tensor2D, seed: number, beta: number): void {
  const [grads, metrics] = gradients(params, x, { key: key(seed), beta });
  const params64 = map(params, array64), x64 = array64(x);
  const eps = array64(random.normal(key(seed), [x.shape[0], params.config.latent]));
  const loss = () => referenceLoss(params.config, params64, x64, eps, beta);
  assertAlmostEquals(metrics.loss, loss(), 1e-6 * Math.abs(loss()));
  const tensors = entries(params64).map(([, { values }]) => centralDifferences(values, loss));
  const whole = Math.hypot(...tensors.map((values) => Math.hypot(...values)));
  entries(grads).forEach(([name, t], i) => {
    const got = t.dataSync(), wanted = tensors[i], size = Math.hypot(...wanted);
    assertEquals([name, got.length], [entries(params64)[i][0], wanted.length]);
    const error = relativeError(got, wanted) * (size || 1);
    assert(error <= OWN * size + ALL * whole, `${name}: error ${error} where the gradient's norm is ${size}`);
  });
}

/** D, hidden widths, Z, B: odd, 1, around a vector of four and a tile of twelve, and one of more than one thread's work. */
const SIZES: [D: number, hidden: number[], Z: number, B: number][] = [
  [9, [], 3, 5],
  [13, [5], 2, 1],
  [11, [7, 3], 1, 3],
  [1, [1], 1, 1],
  [1, [], 1, 2],
  [17, [13, 4, 6], 5, 7],
];

for (const activation of ACTIVATIONS) {
  Deno.test(`gradients are those of central differences in float64, with ${activation}`, () => {
    for (const [D, hidden, Z, B] of SIZES) {
      tf.tidy(() => {
        const { params } = modelOf({ input: D, hidden, latent: Z, activation }, D);
        for (const beta of [0, 1, 4]) assertGradients(params, batchOf(B, D), 3, beta);
      });
    }
  });
}

Deno.test("gradients are right where encoder and decoder differ in depth, widths and activation", () => {
  const configs: ConfigOptions[] = [
    {
      input: 10,
      latent: 3,
      encoder: { hidden: [7, 5], activation: "gelu" },
      decoder: { hidden: [6], activation: "tanh" },
    },
    { input: 10, latent: 3, encoder: { hidden: [] }, decoder: { hidden: [6, 9], activation: "elu" } },
    { input: 10, latent: 3, encoder: { hidden: [4], activation: "sigmoid" }, decoder: { hidden: [] } },
  ];
  for (const config of configs) tf.tidy(() => assertGradients(modelOf(config, 5).params, batchOf(4, 10), 6, 1));
});

Deno.test("gradients are right for examples that are exactly 0 and 1", () => {
  tf.tidy(() => {
    const x = tf.cast<tf.Tensor2D>(tf.greater(batchOf(6, 12), 0.5), "float32");
    assertGradients(modelOf({ input: 12, hidden: [8], latent: 2 }, 7).params, x, 8, 1);
  });
});

Deno.test("gradients are those of the mean of perExampleLoss for the same key", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 6, hidden: [5], latent: 2, activation: "tanh" }, 9);
    const x = batchOf(4, 6), options = { key: key(10), beta: 2 };
    const [grads, metrics] = gradients(params, x, options);
    const loss = (p: Params) => floatsOf(perExampleLoss(p, x, options)).reduce((sum, v) => sum + v, 0) / 4;
    assertAlmostEquals(metrics.loss, loss(params), 1e-6 * metrics.loss);
    for (const [name, gradient] of entries(grads)) {
      // Along the gradient itself the slope of the loss is the gradient's norm.
      const size = tf.norm(gradient).dataSync()[0], h = 0.02;
      const moved = (by: number) => {
        const other = withTensors(
          params,
          (t, n) => n === name ? tf.add(t, tf.mul(gradient, by / size)) : t,
        );
        return loss(other);
      };
      assertAlmostEquals((moved(h) - moved(-h)) / (2 * h), size, 1e-3 * size + 1e-4, name);
    }
  });
});

Deno.test("gradients of another key are others", () => {
  tf.tidy(() => {
    const { params } = modelOf({ input: 6, hidden: [5], latent: 2 }, 9), x = batchOf(4, 6);
    const [a] = gradients(params, x, { key: key(1) }), [b] = gradients(params, x, { key: key(2) });
    assert(relativeError(a.decoder.output.kernel.dataSync(), b.decoder.output.kernel.dataSync()) > 0.01);
  });
});

Deno.test("gradients do not reach a log-variance at its bound", () => {
  for (const bound of [-30, -31, -1e6, 20, 21, 1e6]) {
    tf.tidy(() => {
      // The first of three latent variables is held at the bound for every example, the others are free.
      const { params } = modelOf({ input: 5, hidden: [4], latent: 3 }, 11);
      const held = withTensors(params, (t, name) => {
        if (name === "encoder.logVar.kernel") return tf.mul(t, tf.tensor2d([[0, 1, 1]]));
        if (name === "encoder.logVar.bias") return tf.tensor1d([bound, 0.1, -0.2]);
        return t;
      });
      const x = batchOf(4, 5), [grads] = gradients(held, x, { key: key(12) });
      const kernel = tensorAt(grads, "encoder.logVar.kernel").dataSync();
      const bias = tensorAt(grads, "encoder.logVar.bias").dataSync();
      assertEquals([...kernel].filter((_, i) => i % 3 === 0).map(Math.abs), [0, 0, 0, 0]);
      assertEquals(Math.abs(bias[0]), 0);
      assert(bias[1] !== 0 && bias[2] !== 0);
      // On either side of a bound the float64 model is flat; at it, it has no derivative.
      if (bound < -30) assertGradients(held, x, 12, 1);
    });
  }
});

Deno.test("gradients are right for a log-variance just above its lower bound and for a large one", () => {
  for (const value of [-29.9, 4]) {
    tf.tidy(() => {
      const { params } = modelOf({ input: 5, hidden: [4], latent: 3 }, 13);
      const set = withTensors(params, (t, n) => {
        if (n === "encoder.logVar.kernel") return tf.mul(t, 0.01);
        return n === "encoder.logVar.bias" ? tf.fill([3], value) : t;
      });
      assertGradients(set, batchOf(4, 5), 14, 1);
    });
  }
});
