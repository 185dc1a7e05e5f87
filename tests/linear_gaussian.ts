/**
 * A VAE whose log-likelihood is known: x = z W + b + noise with z ~ N(0, I) and noise of one variance, so that
 * log p(x) = log N(x; b, W^T W + variance I). The rows of W are orthogonal, so that its posterior is diagonal and linear.
 */
import { init, key, type Params, tf } from "../mod.ts";

/** How the encoder differs from the posterior. */
export type Wrong = {
  /** Times the posterior's mean; default 1. */
  readonly scale?: number;
  /** Added to the posterior's log-variance; default 0. */
  readonly wider?: number;
};

export type LinearGaussian = {
  readonly params: Params;
  /** The density of one example, in nats. */
  logProb(x: ArrayLike<number>): number;
  /** Mean and log-variance of the encoder for one example, [Z] each. */
  posterior(x: ArrayLike<number>): { readonly mean: number[]; readonly logVar: number[] };
  /** log p(x | z) + log p(z) - log q(z | x) for z = mean + exp(logVar / 2) eps. */
  logWeight(x: ArrayLike<number>, eps: ArrayLike<number>): number;
};

/** The model; the caller owns its parameters. Its examples are mostly within [0, 1]. */
export function linearGaussian(D: number, Z: number, variance: number, wrong: Wrong = {}): LinearGaussian {
  const { scale = 1, wider = 0 } = wrong;
  // Rows of the discrete cosine transform, rounded to what the model has.
  const W = Array.from(
    { length: Z },
    (_, j) =>
      Array.from({ length: D }, (_, d) => Math.fround(0.3 / (j + 1) * Math.cos(Math.PI * (d + 0.5) * (j + 1) / D))),
  );
  const b = Array.from({ length: D }, (_, d) => Math.fround(0.5 + 0.02 * d));
  const precision = W.map((row) => 1 + dot(row, row) / variance);
  const kernel = (d: number, j: number) => Math.fround(scale * W[j][d] / variance / precision[j]);
  const bias = W.map((_, j) => Math.fround(-b.reduce((sum, v, d) => sum + v * kernel(d, j), 0)));
  const logVar = precision.map((p) => Math.fround(wider - Math.log(p)));
  const posterior = (x: ArrayLike<number>) => ({
    mean: bias.map((offset, j) => offset + b.reduce((sum, _, d) => sum + x[d] * kernel(d, j), 0)),
    logVar,
  });
  return {
    params: tf.tidy(() => {
      const { params } = init({ input: D, hidden: [], latent: Z, likelihood: "gaussian", variance }, { key: key(0) });
      const kernels = Array.from({ length: D }, (_, d) => W.map((_, j) => kernel(d, j)));
      return {
        config: params.config,
        encoder: {
          hidden: [],
          mean: { kernel: tf.tensor2d(kernels), bias: tf.tensor1d(bias) },
          logVar: { kernel: tf.zeros([D, Z]), bias: tf.tensor1d(logVar) },
        },
        decoder: { hidden: [], output: { kernel: tf.tensor2d(W), bias: tf.tensor1d(b) } },
      };
    }),
    logProb(x) {
      const covariance = b.map((_, d) =>
        b.map((_, e) => dot(W.map((w) => w[d]), W.map((w) => w[e])) + (d === e ? variance : 0))
      );
      const L = cholesky(covariance), y = solve(L, b.map((v, d) => x[d] - v));
      const logDeterminant = 2 * L.reduce((sum, row, d) => sum + Math.log(row[d]), 0);
      return -(dot(y, y) + logDeterminant + D * Math.log(2 * Math.PI)) / 2;
    },
    posterior,
    logWeight(x, eps) {
      const { mean, logVar } = posterior(x), z = mean.map((m, j) => m + Math.exp(logVar[j] / 2) * eps[j]);
      const rest = b.map((v, d) => x[d] - v - z.reduce((sum, value, j) => sum + value * W[j][d], 0));
      const likelihood = -dot(rest, rest) / variance / 2 - D * Math.log(2 * Math.PI * variance) / 2;
      return likelihood - z.reduce((sum, v, j) => sum + (v * v - eps[j] ** 2 - logVar[j]) / 2, 0);
    },
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, v, i) => sum + v * b[i], 0);
}

/** L, lower triangular, with L L^T = A. */
function cholesky(A: readonly (readonly number[])[]): number[][] {
  const L = A.map(() => A.map(() => 0));
  for (let i = 0; i < A.length; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = A[i][j] - dot(L[i].slice(0, j), L[j].slice(0, j));
      L[i][j] = i === j ? Math.sqrt(rest) : rest / L[j][j];
    }
  }
  return L;
}

/** y with L y = v. */
function solve(L: readonly number[][], v: readonly number[]): number[] {
  const y: number[] = [];
  for (let i = 0; i < v.length; i++) y.push((v[i] - dot(L[i].slice(0, i), y)) / L[i][i]);
  return y;
}

/** log of the mean of e^value. */
export function logMeanExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0) / values.length);
}
