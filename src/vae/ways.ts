/** The ways from one code to another. */
export type Interpolation = "linear" | "spherical";

/** Both of them. */
export const INTERPOLATIONS: readonly Interpolation[] = ["linear", "spherical"];

/** An angle whose sine is below this gives no direction to turn in: float32 has no more digits. */
const LEAST_SINE = 1e-6;

/** The angle between two vectors, good also near 0 and pi (Kahan): 2 atan2(|u - v|, |u + v|) of the unit vectors; of 0, 0. */
function angle(a: Float32Array, b: Float32Array): number {
  const length = (v: Float32Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0)), p = length(a), q = length(b);
  if (p === 0 || q === 0) return 0;
  let minus = 0, plus = 0;
  for (let i = 0; i < a.length; i++) {
    const u = a[i]! / p, v = b[i]! / q;
    minus += (u - v) ** 2;
    plus += (u + v) ** 2;
  }
  return 2 * Math.atan2(Math.sqrt(minus), Math.sqrt(plus));
}

/** The weights of both ends at `t` from 0 to 1, for each method. */
function weights(t: number, theta?: number): readonly [a: number, b: number] {
  if (theta === undefined) return [1 - t, t];
  return [Math.sin((1 - t) * theta) / Math.sin(theta), Math.sin(t * theta) / Math.sin(theta)];
}

/**
 * Codes on the way from each code of a to that of b, both ends among them; `interpolate` of the main module says which.
 *
 * @param a Codes, [rows, cols].
 * @param b As many.
 * @returns [rows * steps, cols]: the way of the first pair, then that of the second, …
 */
export function ways(
  a: Float32Array,
  b: Float32Array,
  { rows, cols, steps, method }: {
    readonly rows: number;
    readonly cols: number;
    readonly steps: number;
    readonly method: Interpolation;
  },
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(rows * steps * cols);
  for (let row = 0, at = 0; row < rows; row++) {
    const of = (codes: Float32Array) => codes.subarray(row * cols, (row + 1) * cols), u = of(a), v = of(b);
    const theta = method === "spherical" ? angle(u, v) : 0, turn = Math.sin(theta) < LEAST_SINE ? undefined : theta;
    for (let i = 0; i < steps; i++) {
      const [p, q] = weights(i / (steps - 1), turn);
      for (let j = 0; j < cols; j++) values[at++] = p * u[j]! + q * v[j]!;
    }
  }
  return values;
}
