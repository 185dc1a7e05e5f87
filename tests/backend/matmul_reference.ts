/** fused.matMul in float64, written from its definition, and how far float32 may be from it. */
import { key, random, tf } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";

/** Values of any shape. */
export type Values = { readonly shape: number[]; readonly values: Float64Array };

/** A product as tfjs takes it. */
export type Product = {
  readonly a: Values;
  readonly b: Values;
  readonly ta?: boolean;
  readonly tb?: boolean;
  readonly bias?: Values;
  readonly activation?: Activation;
  /** Of a prelu, in [-1, 1]. */
  readonly weights?: Values;
};

/** Slope of a leakyrelu. */
export const ALPHA = 0.3;

/** Every activation that tfjs can fuse, in float64; `w` is prelu's slope. */
export const ACTIVATIONS = {
  linear: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  relu6: (x: number) => Math.min(Math.max(x, 0), 6),
  prelu: (x: number, w: number) => x < 0 ? w * x : x,
  leakyrelu: (x: number) => x < 0 ? ALPHA * x : x,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  elu: (x: number) => x > 0 ? x : Math.expm1(x),
};
export type Activation = keyof typeof ACTIVATIONS;

const sizeOf = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);

/** Uniform in [-1, 1), as float32 has them. */
export function uniform(shape: number[], seed: number): Values {
  const t = random.uniform(key(seed), shape.length ? shape : [1], { low: -1, high: 1 });
  const values = Float64Array.from(t.dataSync<"float32">());
  t.dispose();
  return { shape, values };
}

/** The element of `x` that broadcasting to `shape` puts at `index` of it. */
function at(x: Values, shape: readonly number[], index: number): number {
  let from = 0, step = 1;
  for (let i = shape.length - 1, j = x.shape.length - 1; i >= 0 && j >= 0; i--, j--) {
    const k = index % shape[i];
    index = (index - k) / shape[i];
    if (x.shape[j] > 1) from += k * step;
    step *= x.shape[j];
  }
  return x.values[from];
}

/** The result, before the activation too, and the sum of the sizes of what was added up for each element. */
export function reference({ a, b, ta, tb, bias, activation = "linear", weights }: Product) {
  const [a0, a1] = a.shape.slice(-2), [M, K] = ta ? [a1, a0] : [a0, a1];
  const [b0, b1] = b.shape.slice(-2), N = tb ? b0 : b1;
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, M, N], n = sizeOf(shape);
  const values = new Float64Array(n), scale = new Float64Array(n);
  const matrixOf = (x: Values, index: number) => {
    const count = sizeOf(x.shape.slice(0, -2)), size = sizeOf(x.shape.slice(-2));
    const which = at(
      { shape: x.shape.slice(0, -2), values: Float64Array.from({ length: count }, (_, i) => i) },
      batch,
      index,
    );
    return x.values.subarray(which * size, which * size + size);
  };
  for (let index = 0; index < n; index++) {
    const i = Math.floor(index / N) % M, j = index % N, which = Math.floor(index / (M * N));
    const am = matrixOf(a, which), bm = matrixOf(b, which);
    let sum = bias ? at(bias, shape, index) : 0, size = Math.abs(sum);
    for (let k = 0; k < K; k++) {
      const term = am[ta ? k * M + i : i * K + k] * bm[tb ? j * K + k : k * N + j];
      sum += term;
      size += Math.abs(term);
    }
    values[index] = ACTIVATIONS[activation](sum, weights ? at(weights, shape, index) : 0);
    scale[index] = size;
  }
  return { shape, values, scale, K };
}

function tensor({ shape, values }: Values): tf.Tensor {
  return tf.tensor(Float32Array.from(values), shape);
}

/** What tfjs gives. */
export function fused({ a, b, ta, tb, bias, activation, weights }: Product): tf.Tensor {
  return tf.tidy(() =>
    tf.fused.matMul({
      a: tensor(a),
      b: tensor(b),
      transposeA: ta,
      transposeB: tb,
      bias: bias && tensor(bias),
      activation,
      preluActivationWeights: weights && tensor(weights),
      leakyreluAlpha: ALPHA,
    })
  );
}

/** Fails unless tfjs's result is that of the reference, but for the rounding that f32_gemm and f32_activation may do. */
export function assertProduct(product: Product, result: tf.Tensor = fused(product)): void {
  const { shape, values, scale, K } = reference(product);
  const { a, b, bias, ta, tb, activation } = product;
  const what = `${JSON.stringify({ a: a.shape, b: b.shape, bias: bias?.shape, ta, tb, activation })}`;
  assertEquals([result.shape, result.dtype], [shape, "float32"], what);
  const roundings = Math.min(K, 256) + Math.ceil(K / 256) + 3;
  result.dataSync().forEach((got, i) => {
    const bound = 2 ** -24 * roundings * scale[i] + 5e-7 * Math.max(1, Math.abs(values[i]));
    assert(Math.abs(got - values[i]) <= bound, `${what}: expected ${values[i]} within ${bound} at ${i}, got ${got}`);
  });
  result.dispose();
}
