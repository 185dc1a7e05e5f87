/** The gradient of a convolution's filter on tfjs's wasm backend, which has no kernel for it of its own. */
import "npm:@tensorflow/tfjs@4.22.0"; // registers the gradients
import { key, random, start, stop, tf } from "../../mod.ts";
import { withStockKernels } from "../../src/backend/register.ts";
import type { Window } from "../../src/kernels/patches.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { centralDifferences, conv, type Layer } from "../layers/conv_reference.ts";

type Pair = [number, number];
type Pad = "same" | "valid" | number | [Pair, Pair, Pair, Pair];
type Convolution = { image: [number, number]; filter: [number, number]; strides: Pair; pad: Pad };

/** Zeros before and after an axis, as TensorFlow defines it. */
function padding(pad: Pad, axis: 0 | 1, length: number, taps: number, stride: number): Pair {
  if (pad === "valid") return [0, 0];
  if (typeof pad === "number") return [pad, pad];
  if (pad !== "same") return pad[1 + axis];
  const all = Math.max(0, (Math.ceil(length / stride) - 1) * stride + taps - length), before = Math.floor(all / 2);
  return [before, all - before];
}

function windowOf({ image, filter, strides, pad }: Convolution, channels: number): Window {
  const [[top, bottom], [left, right]] = ([0, 1] as const).map((axis) =>
    padding(pad, axis, image[axis], filter[axis], strides[axis])
  );
  return {
    ...{ height: image[0], width: image[1], channels, kernelHeight: filter[0], kernelWidth: filter[1] },
    ...{ strideHeight: strides[0], strideWidth: strides[1], top, left, dilationHeight: 1, dilationWidth: 1 },
    outHeight: Math.floor((image[0] + top + bottom - filter[0]) / strides[0]) + 1,
    outWidth: Math.floor((image[1] + left + right - filter[1]) / strides[1]) + 1,
  };
}

function uniform(shape: number[], seed: number): tf.Tensor4D {
  return random.uniform(key(seed), shape, { low: -1, high: 1 }) as tf.Tensor4D;
}

const float64 = (t: tf.Tensor) => Float64Array.from(t.dataSync<"float32">());

/** Fails unless `got` has the slopes of `loss` along `values`. */
function assertSlopes(got: tf.Tensor, values: Float64Array, loss: () => number, what: string): void {
  const wanted = centralDifferences(values, loss), data = got.dataSync();
  const tolerance = 3e-6 * Math.max(1, ...wanted.values().map(Math.abs));
  for (const [i, want] of wanted) {
    assertAlmostEquals(data[i], want, tolerance, `${what} at ${i}: expected ${want}, got ${data[i]}`);
  }
}

/** Fails unless tf.conv2d and its gradients are those of float64. */
function assertGradients(convolution: Convolution, batch: number, C: number, O: number): void {
  const { strides, pad, image, filter } = convolution, window = windowOf(convolution, C);
  tf.tidy(() => {
    const x = uniform([batch, ...image, C], 1), kernel = uniform([...filter, C, O], 2);
    const dy = uniform([batch, window.outHeight, window.outWidth, O], 3), what = JSON.stringify([convolution, C, O]);
    const f = (x: tf.Tensor, kernel: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides, pad);
    const [dx, dkernel] = tf.grads(f)([x, kernel], dy), dy64 = float64(dy);
    const layer: Layer = {
      ...{ x: float64(x), kernel: float64(kernel), bias: new Float64Array(O), window, batch },
      activation: "identity",
    };
    const loss = () => conv(layer).reduce((sum, y, i) => sum + y * dy64[i], 0);
    assertEquals([dkernel.shape, dkernel.dtype, dx.shape], [kernel.shape, "float32", x.shape], what);
    assertSlopes(dkernel, layer.kernel, loss, `filter's gradient of ${what}`);
    assertSlopes(dx, layer.x, loss, `images' gradient of ${what}`);
  });
}

const EXPLICIT: Pad = [[0, 0], [1, 2], [0, 3], [0, 0]];

Deno.test("gradients of tf.conv2d are right for any stride and padding", async () => {
  await start({ threads: 2 });
  for (const image of [[5, 6], [7, 4]] as const) {
    for (const filter of [[1, 1], [3, 2], [4, 4]] as const) {
      for (const strides of [[1, 1], [2, 2], [3, 2]] as Pair[]) {
        for (const pad of ["same", "valid", EXPLICIT] as const) {
          const convolution: Convolution = { image: [...image], filter: [...filter], strides, pad };
          assertGradients(convolution, 2, 3, 2);
          assertGradients(convolution, 1, 1, 5);
        }
      }
    }
  }
  // A padding that is one number: tfjs tells its result's size from the height alone, so only for squares.
  for (const pad of [0, 1, 2]) {
    assertGradients({ image: [5, 6], filter: [3, 3], strides: [2, 2], pad }, 2, 3, 2);
    assertGradients({ image: [7, 7], filter: [4, 4], strides: [2, 2], pad }, 2, 1, 4);
  }
});

Deno.test("gradients of tf.fused.conv2d, tf.conv1d and tf.conv2dTranspose are right", async () => {
  await start();
  tf.tidy(() => {
    const x = uniform([2, 6, 6, 3], 1), filter = uniform([3, 3, 3, 4], 2), bias = uniform([4], 3) as tf.Tensor;
    const plain = (filter: tf.Tensor) => tf.relu(tf.add(tf.conv2d(x, filter as tf.Tensor4D, 2, "same"), bias));
    const fused = (filter: tf.Tensor) =>
      tf.fused.conv2d({ x, filter: filter as tf.Tensor4D, strides: 2, pad: "same", bias, activation: "relu" });
    const [a, b] = [plain, fused].map((f) => tf.grad(f)(filter));
    assertEquals([...a.dataSync()], [...b.dataSync()]);

    // A step of one along one axis is a convolution of images one pixel high.
    const line = uniform([2, 9, 3], 4) as tf.Tensor as tf.Tensor3D, taps = uniform([3, 3, 2], 5) as tf.Tensor;
    const one = tf.grad((taps) => tf.conv1d(line, taps as tf.Tensor3D, 2, "same"))(taps);
    const two = tf.grad((taps) =>
      tf.conv2d(
        tf.reshape(line, [2, 1, 9, 3]) as tf.Tensor4D,
        tf.reshape(taps, [1, 3, 3, 2]) as tf.Tensor4D,
        [1, 2],
        "same",
      )
    )(taps);
    assertEquals([...one.dataSync()], [...two.dataSync()]);

    // <dy, transposed(x)> = <conv(dy), x>, so the filter has the same gradient in both.
    const small = uniform([2, 3, 3, 4], 6), dy = uniform([2, 6, 6, 3], 7);
    const up = tf.grad((f) => tf.conv2dTranspose(small, f as tf.Tensor4D, [2, 6, 6, 3], 2, "same"))(filter, dy);
    const down = tf.grad((f) => tf.conv2d(dy, f as tf.Tensor4D, 2, "same"))(filter, small);
    assertEquals([...up.dataSync()], [...down.dataSync()]);
  });
});

Deno.test("a filter's gradient has the same bits for any number of threads", async () => {
  let first: number[] | undefined;
  for (const threads of [1, 2, 4]) {
    stop();
    await start({ threads });
    const bits = tf.tidy(() => {
      const x = uniform([9, 28, 28, 8], 1), filter = uniform([4, 4, 8, 16], 2), dy = uniform([9, 14, 14, 16], 3);
      const gradient = tf.grad((filter) => tf.conv2d(x, filter as tf.Tensor4D, 2, "same"))(filter, dy);
      return [...new Int32Array(gradient.dataSync().slice().buffer)];
    });
    first ??= bits;
    assertEquals(bits, first, `${threads} threads`);
  }
  stop();
});

Deno.test("a small convolutional model is trained, and no tensor is left behind", async () => {
  await start();
  const before = tf.memory().numTensors, optimizer = tf.train.adam(0.02);
  const variable = (shape: number[], seed: number) => tf.tidy(() => tf.variable(tf.mul(uniform(shape, seed), 0.3)));
  const first = variable([4, 4, 1, 4], 1), second = variable([3, 3, 4, 6], 2), last = variable([24, 1], 3);
  const x = uniform([16, 8, 8, 1], 4), wanted = tf.tidy(() => tf.mean(tf.square(x), [1, 2])) as tf.Tensor2D;
  const step = () => {
    const loss = () => {
      const h = tf.relu(
        tf.conv2d(tf.relu(tf.conv2d(x, first as tf.Tensor4D, 2, "same")), second as tf.Tensor4D, 2, "same"),
      );
      const y = tf.matMul(tf.reshape(h, [16, 24]) as tf.Tensor2D, last as tf.Tensor as tf.Tensor2D);
      return tf.mean(tf.square(tf.sub(y, wanted))) as tf.Scalar;
    };
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, [first, second, last]);
      assertEquals(Object.keys(grads).length, 3);
      optimizer.applyGradients(grads as Record<string, tf.Variable>);
      return value.dataSync()[0];
    });
  };
  const losses = [step()], held = tf.memory().numTensors;
  for (let i = 0; i < 60; i++) losses.push(step());
  assertEquals(tf.memory().numTensors, held);
  assert(losses[60] < losses[0] / 5, `losses ${losses[0]} to ${losses[60]}`);
  optimizer.dispose();
  tf.dispose([first, second, last, x, wanted]);
  assertEquals(tf.memory().numTensors, before);
});

/** tfjs's kernel itself, with attributes that its own functions would not give it. */
function gradient(x: tf.Tensor, dy: tf.Tensor, attributes: Record<string, unknown> = {}): tf.Tensor {
  const attrs = { strides: 1, pad: "valid", dataFormat: "NHWC", filterShape: [2, 2, 3, 5], ...attributes };
  return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy }, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
}

Deno.test("a filter's gradient of no images is 0, and of no channels nothing", async () => {
  await start();
  tf.tidy(() => {
    const none = gradient(tf.zeros([0, 4, 4, 3]), tf.zeros([0, 3, 3, 5]));
    assertEquals([none.shape, [...none.dataSync()]], [[2, 2, 3, 5], Array(60).fill(0)]);
    const empty = gradient(tf.zeros([1, 4, 4, 3]), tf.zeros([1, 3, 3, 0]), { filterShape: [2, 2, 3, 0] });
    assertEquals([empty.shape, empty.size], [[2, 2, 3, 0], 0]);
  });
});

Deno.test("a filter's gradient says what it cannot do", async () => {
  await start();
  tf.tidy(() => {
    const x = tf.zeros([1, 4, 4, 3]), dy = tf.zeros([1, 3, 3, 5]);
    const whole = "from int32 images and float32 gradients: the wasm backend convolves float32 images only";
    assertThrows(() => gradient(tf.cast(x, "int32"), dy), Error, whole);
    assertThrows(() => gradient(x, tf.cast(dy, "bool")), Error, "from float32 images and bool gradients");
    assertThrows(() => gradient(x, dy, { dataFormat: "NCHW" }), Error, "convolves NHWC images only, got NCHW");
    const channels = "expected images [B, H, W, C] and a filter [KH, KW, C, O], got images [1,4,4,3]";
    assertThrows(() => gradient(x, dy, { filterShape: [2, 2, 4, 5] }), TypeError, channels);
    assertThrows(() => gradient(x, tf.zeros([1, 4, 3, 5])), TypeError, "dy to have shape [1,3,3,5], got [1,4,3,5]");
    assertThrows(() => withStockKernels(() => gradient(x, dy)), Error, "tfjs's wasm backend has no such kernel");
  });
});

Deno.test("a filter's gradient takes tensors of another backend", async () => {
  await start();
  await tf.setBackend("cpu");
  const x = tf.ones([1, 2, 2, 1]), dy = tf.fill([1, 2, 2, 1], 3);
  await tf.setBackend("wasm");
  const got = gradient(x, dy, { filterShape: [1, 1, 1, 1] });
  assertEquals([...got.dataSync()], [12]);
  tf.dispose([x, dy, got]);
});
