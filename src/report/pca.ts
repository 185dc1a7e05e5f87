import { Pause } from "../pause.ts";

/** Points in the directions in which they vary most. */
export type Pca = {
  /** [N, components]: the points around their mean in the new axes, row by row. */
  readonly points: Float64Array;
  /** The new axes, unit vectors [D], the one of most variance first; of each the largest entry is positive. */
  readonly axes: readonly Float64Array[];
  /** The part of all variance that lies along each axis, in [0, 1]; 0 where there is none. */
  readonly shares: readonly number[];
};

/** Sweeps of Jacobi's method at most; it converges quadratically, so ten do for any size that is met. */
const SWEEPS = 50;

/**
 * Principal component analysis in float64: the eigenvectors of the covariance by Jacobi's rotations (Golub and Van Loan,
 * Matrix Computations, section 8.5). It takes some D^3 steps, so D is meant to be a latent code's, and lets others run.
 *
 * @param points [N, D], row by row, at least one.
 * @param width D, at least `components`.
 * @param components How many axes to give.
 * @param pause Where it lets others run, and what asks to stop.
 * @returns `{ points, axes, shares }`; equal points give equal results.
 * @throws The reason of the signal that asks to stop.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { axes, shares } = await pca(Float32Array.of(0, 0, 3, 4, 6, 8), 2, 2);
 * assert.deepEqual([...axes[0]].map((x) => x.toFixed(6)), ["0.600000", "0.800000"]);
 * assert.deepEqual(shares.map((share) => share.toFixed(6)), ["1.000000", "0.000000"]);
 * ```
 */
export async function pca(
  points: Float32Array,
  width: number,
  components: number,
  pause: Pause = new Pause("Cannot find the principal components"),
): Promise<Pca> {
  const D = width, N = points.length / D, center = new Float64Array(D);
  for (let i = 0; i < points.length; i++) center[i % D]! += points[i]! / N;
  const matrix = await covariance(points, center, pause), vectors = await jacobi(matrix, D, pause);
  const variance = Array.from({ length: D }, (_, j) => matrix[j * D + j]!);
  const total = variance.reduce((sum, v) => sum + v, 0);
  const order = variance.map((_, j) => j).sort((a, b) => variance[b]! - variance[a]! || a - b).slice(0, components);
  const axes = order.map((j) => upright(Float64Array.from({ length: D }, (_, i) => vectors[i * D + j]!)));
  const projected = new Float64Array(N * components);
  for (let i = 0; i < N; i++) {
    axes.forEach((axis, k) => {
      let sum = 0;
      for (let j = 0; j < D; j++) sum += axis[j]! * (points[i * D + j]! - center[j]!);
      projected[i * components + k] = sum;
    });
  }
  return { points: projected, axes, shares: order.map((j) => total! > 0 ? Math.max(0, variance[j]!) / total! : 0) };
}

/** [D, D], symmetric. */
async function covariance(points: Float32Array, center: Float64Array, pause: Pause): Promise<Float64Array> {
  const D = center.length, N = points.length / D, matrix = new Float64Array(D * D), row = new Float64Array(D);
  for (let at = 0; at < points.length; at += D) {
    for (let j = 0; j < D; j++) row[j] = points[at + j]! - center[j]!;
    for (let j = 0; j < D; j++) {
      for (let k = 0; k <= j; k++) matrix[j * D + k]! += row[j]! * row[k]! / N;
    }
    await pause.take();
  }
  for (let j = 0; j < D; j++) {
    for (let k = 0; k < j; k++) matrix[k * D + j] = matrix[j * D + k]!;
  }
  return matrix;
}

/** Rotates a symmetric matrix until it is diagonal, in place; the result's columns are the eigenvectors. */
async function jacobi(a: Float64Array, D: number, pause: Pause): Promise<Float64Array> {
  const vectors = new Float64Array(D * D);
  for (let j = 0; j < D; j++) vectors[j * D + j] = 1;
  const scale = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < D; p++) {
      for (let q = p + 1; q < D; q++) off += a[p * D + q]! ** 2;
    }
    if (!(off > scale * 1e-30)) break; // also if the points are not finite
    for (let p = 0; p < D; p++) {
      for (let q = p + 1; q < D; q++) rotate(a, vectors, D, p, q);
      await pause.take();
    }
  }
  return vectors;
}

/** The rotation in the plane of p and q that makes a[p, q] zero. */
function rotate(a: Float64Array, vectors: Float64Array, D: number, p: number, q: number): void {
  const apq = a[p * D + q];
  if (apq === 0) return;
  const theta = (a[q * D + q]! - a[p * D + p]!) / (2 * apq!);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1)),
    c = 1 / Math.sqrt(t * t + 1),
    s = t * c;
  const turn = (m: Float64Array, i: number, j: number) => {
    const x = m[i], y = m[j];
    m[i] = c * x! - s * y!;
    m[j] = s * x! + c * y!;
  };
  for (let k = 0; k < D; k++) turn(a, k * D + p, k * D + q);
  for (let k = 0; k < D; k++) turn(a, p * D + k, q * D + k);
  for (let k = 0; k < D; k++) turn(vectors, k * D + p, k * D + q);
}

/** Of an axis both directions are as good: the one in which the first of its largest entries, to float32, is positive. */
function upright(axis: Float64Array): Float64Array {
  let largest = 0;
  for (let j = 1; j < axis.length; j++) if (Math.abs(axis[j]!) > Math.abs(axis[largest]!) * (1 + 1e-6)) largest = j;
  return axis[largest]! < 0 ? axis.map((x) => -x) : axis;
}
