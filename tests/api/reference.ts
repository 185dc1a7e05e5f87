/**
 * The whole model once more in float64, from plain arrays and as the formulas stand in the papers, so that what the
 * kernels compute can be compared, and differentiated by central differences. Nothing here is shared with src/.
 */
import type { Activation, Config, Dense, Network, tf } from "../../mod.ts";

/** A row-major matrix; a bias has one row. */
export type Array64 = { readonly rows: number; readonly cols: number; readonly values: Float64Array };

/** Both terms of the loss, [B] each, and what they were computed from. */
export type Reference = {
  readonly mean: Array64;
  readonly logVar: Array64;
  readonly z: Array64;
  readonly outputs: Array64;
  readonly reconstruction: Float64Array;
  readonly kl: Float64Array;
};

/** A tensor's values. */
export function array64(t: tf.Tensor): Array64 {
  const cols = t.shape.at(-1)!;
  return { rows: t.size / cols, cols, values: Float64Array.from(t.dataSync()) };
}

/** The values of a network with their names, such as `encoder.hidden.0.kernel`. */
export function entries<T>({ encoder, decoder }: Network<T>): [name: string, value: T][] {
  const layers: [string, Dense<T>][] = [
    ...encoder.hidden.map((layer, i): [string, Dense<T>] => [`encoder.hidden.${i}`, layer]),
    ["encoder.mean", encoder.mean],
    ["encoder.logVar", encoder.logVar],
    ...decoder.hidden.map((layer, i): [string, Dense<T>] => [`decoder.hidden.${i}`, layer]),
    ["decoder.output", decoder.output],
  ];
  return layers.flatMap(([name, { kernel, bias }]): [string, T][] => [
    [`${name}.kernel`, kernel],
    [`${name}.bias`, bias],
  ]);
}

/** The same structure with each value replaced. */
export function map<T, U>({ encoder, decoder }: Network<T>, f: (value: T) => U): Network<U> {
  const dense = ({ kernel, bias }: Dense<T>): Dense<U> => ({ kernel: f(kernel), bias: f(bias) });
  return {
    encoder: { hidden: encoder.hidden.map(dense), mean: dense(encoder.mean), logVar: dense(encoder.logVar) },
    decoder: { hidden: decoder.hidden.map(dense), output: dense(decoder.output) },
  };
}

/** erf by its series with terms of one sign, to 1e-16 absolute. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= 2 * x * x / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  elu: (x) => x > 0 ? x : Math.expm1(x),
  gelu: (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
  "leaky-relu": (x) => x > 0 ? x : 0.2 * x,
  silu: (x) => x / (1 + Math.exp(-x)),
};

function dense(x: Array64, { kernel, bias }: Dense<Array64>, activation: Activation = "identity"): Array64 {
  const y = new Float64Array(x.rows * kernel.cols);
  for (let r = 0; r < x.rows; r++) {
    for (let c = 0; c < kernel.cols; c++) {
      let sum = bias.values[c];
      for (let i = 0; i < x.cols; i++) sum += x.values[r * x.cols + i] * kernel.values[i * kernel.cols + c];
      y[r * kernel.cols + c] = ACTIVATIONS[activation](sum);
    }
  }
  return { rows: x.rows, cols: kernel.cols, values: y };
}

function rowSums({ rows, cols, values }: Array64, term: (value: number, i: number) => number): Float64Array {
  const sums = new Float64Array(rows);
  values.forEach((value, i) => sums[Math.floor(i / cols)] += term(value, i));
  return sums;
}

/** The model on x [B, D], with z = mean + exp(logVar / 2) eps for the given eps [B, Z]. */
export function reference(config: Config, params: Network<Array64>, x: Array64, eps: Array64): Reference {
  const { encoder, decoder } = params;
  const code = encoder.hidden.reduce((h, layer) => dense(h, layer, config.encoder.activation), x);
  const mean = dense(code, encoder.mean), logVar = dense(code, encoder.logVar);
  logVar.values.forEach((v, i) => logVar.values[i] = Math.min(20, Math.max(-30, v)));
  const z = {
    ...mean,
    values: mean.values.map((m, i) => m + Math.exp(logVar.values[i] / 2) * eps.values[i]),
  };
  const outputs = dense(
    decoder.hidden.reduce((h, layer) => dense(h, layer, config.decoder.activation), z as Array64),
    decoder.output,
  );
  const reconstruction = rowSums(
    outputs,
    (l, i) => Math.max(l, 0) - l * x.values[i] + Math.log1p(Math.exp(-Math.abs(l))),
  );
  const kl = rowSums(mean, (m, i) => (m * m + Math.expm1(logVar.values[i]) - logVar.values[i]) / 2);
  return { mean, logVar, z, outputs, reconstruction, kl };
}

/** The mean over the batch of reconstruction + beta kl. */
export function referenceLoss(config: Config, params: Network<Array64>, x: Array64, eps: Array64, beta = 1): number {
  const { reconstruction, kl } = reference(config, params, x, eps);
  return reconstruction.reduce((sum, value, i) => sum + value + beta * kl[i], 0) / x.rows;
}

/** d f() / d values[i] for each i, by central differences; `values` is as before afterwards. */
export function centralDifferences(values: Float64Array, f: () => number, h = 1e-5): Float64Array {
  return values.map((value, i) => {
    values[i] = value + h;
    const above = f();
    values[i] = value - h;
    const below = f();
    values[i] = value;
    return (above - below) / (2 * h);
  });
}

/** |a - b| / |b| in the Euclidean norm; |a| where b is 0. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0, size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return Math.sqrt(size > 0 ? difference / size : difference);
}
