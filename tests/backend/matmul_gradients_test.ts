/** tfjs's autodiff on our products, against central differences of the same in float64. */
import "npm:@tensorflow/tfjs@4.22.0"; // registers the gradients
import { start, tf } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { type Product, reference, uniform, type Values } from "./matmul_reference.ts";

const BOOLEANS = [false, true], DELTA = 1e-6;

function tensor({ values, shape }: Values): tf.Tensor {
  return tf.tensor(Float32Array.from(values), shape);
}

/** The derivative of the sum of dy times the product with respect to one operand. */
function centralDifferences(product: Product, operand: Values, dy: Values): Float64Array {
  const loss = () => reference(product).values.reduce((sum, y, i) => sum + y * dy.values[i], 0);
  return operand.values.map((value, i) => {
    const [above, below] = [DELTA, -DELTA].map((delta) => {
      operand.values[i] = value + delta;
      return loss();
    });
    operand.values[i] = value;
    return (above - below) / (2 * DELTA);
  });
}

/** Fails unless the gradients of `f`, which computes the product of the operands, are those of the reference. */
function assertGradients(product: Product, operands: Values[], f: (...operands: tf.Tensor[]) => tf.Tensor): void {
  tf.tidy(() => {
    const dy = uniform(reference(product).shape, 9);
    const gradients = tf.grads(f)(operands.map(tensor), tensor(dy));
    operands.forEach((operand, i) => {
      const wanted = centralDifferences(product, operand, dy), size = Math.max(...wanted.map(Math.abs));
      assertEquals(gradients[i].shape, operand.shape);
      gradients[i].dataSync().forEach((got, j) => {
        const error = Math.abs(got - wanted[j]);
        assert(error <= 1e-6 * (1 + size), `operand ${i} at ${j}: expected ${wanted[j]}, got ${got}`);
      });
    });
  });
}

for (const ta of BOOLEANS) {
  for (const tb of BOOLEANS) {
    Deno.test(`gradients of matMul and fused.matMul with transposeA ${ta}, transposeB ${tb}`, async () => {
      await start();
      for (const batch of [[], [2]]) {
        for (const [M, N, K] of [[3, 5, 4], [2, 13, 50], [1, 1, 7]]) {
          const a = uniform([...batch, ...ta ? [K, M] : [M, K]], 1),
            b = uniform([...batch, ...tb ? [N, K] : [K, N]], 2);
          const flags = { transposeA: ta, transposeB: tb }, bias = uniform([N], 3);
          assertGradients({ a, b, ta, tb }, [a, b], (a, b) => tf.matMul(a, b, ta, tb));
          for (const activation of ["linear", "relu"] as const) {
            const product = { a, b, ta, tb, bias, activation };
            assertGradients(
              product,
              [a, b, bias],
              (a, b, bias) => tf.fused.matMul({ a, b, bias, activation, ...flags }),
            );
          }
        }
      }
    });
  }
}
