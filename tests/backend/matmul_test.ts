/** tf.matMul and tf.fused.matMul on our kernels, against float64. */
import "npm:@tensorflow/tfjs-backend-cpu@4.22.0";
import fc from "npm:fast-check@4.10.2";
import { tf } from "../../mod.ts";
import { engine } from "../../src/backend/start.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { type Activation, ACTIVATIONS, assertProduct, fused, type Product, uniform } from "./matmul_reference.ts";

const BOOLEANS = [false, true], NAMES = Object.keys(ACTIVATIONS) as Activation[];

/** Random operands of op(a) [...batchA, M, K] and op(b) [...batchB, K, N]. */
function operands(batchA: number[], batchB: number[], [M, N, K]: number[], ta: boolean, tb: boolean): Product {
  const a = uniform([...batchA, ...ta ? [K, M] : [M, K]], 2 * M + K);
  return { a, b: uniform([...batchB, ...tb ? [N, K] : [K, N]], 3 * N + K), ta, tb };
}

Deno.test("fused.matMul adds the bias once and clamps once, whatever is transposed", () => {
  const zeros = (shape: number[]) => ({ shape, values: new Float64Array(shape[0] * shape[1]) });
  const one = { shape: [1], values: Float64Array.of(1) };
  for (const K of [1, 48, 49, 100, 257]) {
    for (const ta of BOOLEANS) {
      for (const tb of BOOLEANS) {
        const a = zeros(ta ? [K, 1] : [1, K]), b = zeros(tb ? [1, K] : [K, 1]);
        const sum = fused({ a, b, ta, tb, bias: one });
        assertEquals([...sum.dataSync()], [1], `bias at K=${K}`);
        // -1 in the first half, then 1: no more than 0 remains, but a clamp on the way would leave the second half.
        a.values.forEach((_, k) => a.values[k] = k < K / 2 ? -1 : 1);
        b.values.fill(1);
        const clamped = fused({ a, b, ta, tb, activation: "relu" });
        assertEquals([...clamped.dataSync()], [0], `relu at K=${K}`);
        tf.dispose([sum, clamped]);
      }
    }
  }
});

for (const ta of BOOLEANS) {
  for (const tb of BOOLEANS) {
    Deno.test(`fused.matMul is right with transposeA ${ta}, transposeB ${tb}, any bias and activation`, () => {
      const [M, N, K] = [7, 13, 61];
      for (const batch of [[], [3]]) {
        const biases = [undefined, [], [1], [N], [1, N], [M, 1], [M, N], [1, 1, N], ...batch.map((n) => [n, 1, N])];
        for (const shape of [...biases, [...batch, M, N]]) {
          const bias = shape && uniform(shape, 5), product = { ...operands(batch, batch, [M, N, K], ta, tb), bias };
          for (const activation of NAMES.filter((name) => name !== "prelu")) assertProduct({ ...product, activation });
          for (const slopes of [[], [1], [N], [M, 1], [M, N], [...batch, 1, 1]]) {
            assertProduct({ ...product, activation: "prelu", weights: uniform(slopes, 6) });
          }
        }
      }
    });

    Deno.test(`matMul is right with transposeA ${ta}, transposeB ${tb} and batches that broadcast`, () => {
      const pairs = [[[2], [2]], [[2], []], [[], [2]], [[1], [3]], [[3], [1]], [[2, 3], [3]], [[3], [2, 3]]];
      for (const [A, B] of [...pairs, [[2, 1], [1, 3]], [[2, 1, 2], [3, 1]], [[2, 3], [2, 1]], [[1, 1], [1]]]) {
        for (const size of [[1, 1, 1], [5, 3, 4], [13, 25, 50]]) {
          const product = operands(A, B, size, ta, tb);
          const { a, b } = tf.tidy(() => ({
            a: tf.tensor(Float32Array.from(product.a.values), product.a.shape),
            b: tf.tensor(Float32Array.from(product.b.values), product.b.shape),
          }));
          assertProduct(product, tf.matMul(a, b, ta, tb));
          tf.dispose([a, b]);
        }
      }
    });
  }
}

Deno.test("fused.matMul is right for random shapes, biases and activations", () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(48, 49, 97, 129, 257));
  const sizes = fc.tuple(length, length, length), flag = fc.boolean();
  const batches = fc.constantFrom<number[][][]>([[], []], [[2], [2]], [[4], [1]], [[1], [3]], [[2, 2], [2, 2]]);
  const parts = fc.tuple(flag, flag, flag, flag); // which dimensions of bias and weights are not 1
  fc.assert(
    fc.property(
      sizes,
      flag,
      flag,
      batches,
      parts,
      fc.constantFrom(...NAMES),
      (size, ta, tb, [A, B], on, activation) => {
        const [M, N] = size, pick = (rows: boolean, cols: boolean) => [rows ? M : 1, cols ? N : 1];
        const bias = uniform(pick(on[0], on[1]), M), weights = uniform(pick(on[2], on[3]), N);
        assertProduct({ ...operands(A, B, size, ta, tb), bias, activation, weights });
      },
    ),
    { numRuns: 150, seed: 4 },
  );
});

Deno.test("fused.matMul takes a bias of the whole shape also where tfjs folds batch dimensions", () => {
  const product = operands([2, 3], [2, 3], [4, 5, 6], false, true);
  for (const shape of [[2, 3, 4, 5], [1, 1, 4, 5], [1, 1, 1, 5]]) {
    assertProduct({ ...product, bias: uniform(shape, 7) });
  }
  const partial = uniform([2, 1, 4, 5], 7);
  assertThrows(() => fused({ ...product, bias: partial }), TypeError, "broadcast to [6,4,5], got float32 [2,1,4,5]");
});

Deno.test("matMul of nothing is nothing, and of no inner dimension the bias", () => {
  for (const ta of BOOLEANS) {
    for (const tb of BOOLEANS) {
      const matMul = (batch: number[], [M, N, K]: number[]) => {
        const { a, b } = operands(batch, batch, [M, N, K], ta, tb), bias = uniform([Math.max(N, 1)].slice(0, N), 1);
        for (const activation of NAMES) {
          assertProduct({ a, b, ta, tb, activation, weights: uniform([1], 2) });
          if (N > 0) assertProduct({ a, b, ta, tb, bias, activation, weights: uniform([1], 2) });
        }
      };
      for (const size of [[0, 3, 2], [3, 0, 2], [0, 0, 0], [2, 3, 0], [1, 1, 0]]) {
        [[], [2]].forEach((n) => matMul(n, size));
      }
      matMul([0], [2, 3, 4]);
    }
  }
});

Deno.test("matMul passes on NaN and infinities", () => {
  const a = tf.tensor2d([1, NaN, Infinity, 0, 2, 3], [3, 2]), b = tf.tensor2d([1, -1], [2, 1]);
  for (const activation of NAMES.filter((name) => name !== "prelu")) {
    const y = tf.fused.matMul({ a, b, activation });
    const [first, second, third] = y.dataSync();
    const limit = { sigmoid: 1, relu6: 6 }[activation as string] ?? Infinity;
    assertEquals([first, second], [NaN, limit], activation);
    assertEquals(Number.isFinite(third), true, activation);
    y.dispose();
  }
  tf.dispose([a, b]);
});

Deno.test("matMul takes operands from another backend, and int32 biases and slopes", async () => {
  engine();
  await tf.setBackend("cpu");
  const a = tf.tensor2d([1, -2], [1, 2]), b = tf.tensor2d([3, 4, 5, 6], [2, 2]);
  const bias = tf.tensor1d([1, 2], "int32"), weights = tf.tensor1d([2, 3], "int32");
  await tf.setBackend("wasm");
  const y = tf.fused.matMul({ a, b, bias, activation: "prelu", preluActivationWeights: weights });
  assertEquals([...y.dataSync()], [-12, -18]);
  // Operations bring a bias to float32; who calls the kernel itself need not.
  const x = tf.reshape(a, [1, 1, 2]), W = tf.reshape(b, [1, 2, 2]);
  const z = tf.engine().runKernel("_FusedMatMul", { a: x, b: W, bias }, {}) as tf.Tensor;
  assertEquals([...z.dataSync()], [-6, -6]);
  tf.dispose([a, b, bias, weights, x, W, y, z]);
});

Deno.test("matMul says what does not fit, and leaves nothing behind", () => {
  const before = [tf.memory().numTensors, engine().backend.numDataIds()];
  tf.tidy(() => {
    const x = tf.zeros([2, 3]), i = tf.zeros([3, 2], "int32");
    assertThrows(() => tf.matMul(x, x), TypeError, "Cannot multiply [2,3] by [2,3]");
    assertThrows(() => tf.matMul(x, tf.zeros([2, 3]), true, true), TypeError, "[2,3] transposed by [2,3] transposed");
    assertThrows(() => tf.matMul(x, tf.zeros([3])), TypeError, "Cannot multiply [2,3] by [3]");
    assertThrows(() => tf.matMul(i, i, true), Error, "Cannot multiply int32 by int32");
    assertThrows(() => tf.matMul(tf.zeros([2, 1, 3]), tf.zeros([3, 3, 1])), Error, "broadcast");
    const fuse = (more: object) => () => tf.fused.matMul({ a: x, b: x, transposeB: true, ...more });
    assertThrows(
      fuse({ bias: tf.zeros([3, 2, 2]) }),
      TypeError,
      "expected bias to be numbers that broadcast to [1,2,2]",
    );
    assertThrows(fuse({ activation: "gelu" }), TypeError, 'unknown activation "gelu"');
    assertThrows(fuse({ activation: "prelu" }), TypeError, "weights of prelu");
    const weights = { activation: "prelu", preluActivationWeights: tf.zeros([3]) };
    assertThrows(fuse(weights), TypeError, "got float32 [3]");
    const column = tf.zeros([2 ** 15, 1]), shorter = tf.zeros([2 ** 15 - 1, 1]);
    assertThrows(() => tf.matMul(column, column, false, true), RangeError, "Cannot allocate 4294967296 bytes");
    assertThrows(() => tf.matMul(column, shorter, false, true), RangeError, "the heap of 4 GiB is full");
  });
  assertEquals([tf.memory().numTensors, engine().backend.numDataIds()], before);
});

Deno.test("matMul leaks neither tensors nor bytes", () => {
  const products = BOOLEANS.map((ta) => operands([3], [3], [50, 30, 70], ta, !ta));
  const bias = uniform([50, 30], 1), weights = uniform([30], 2);
  const usage = () => {
    const { numTensors, numDataBuffers, numBytes } = tf.memory(), { memory, backend } = engine();
    return [numTensors, numDataBuffers, numBytes, backend.numDataIds(), memory.buffer.byteLength];
  };
  const round = () => {
    for (const product of products) {
      for (const activation of NAMES) fused({ ...product, bias, weights, activation }).dispose();
    }
  };
  round();
  const before = usage();
  for (let i = 0; i < 20; i++) round();
  assertEquals(usage(), before);
});
