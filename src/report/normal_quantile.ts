/** The density of the standard normal distribution. */
function density(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

/** Phi(x) - 1/2 = density(x) (x + x^3 / 3 + x^5 / (3 5) + …): Marsaglia, Evaluating the Normal Distribution, 2004. */
function aboveHalf(x: number): number {
  let term = x, sum = x;
  for (let i = 3; sum !== sum + term; i += 2) sum += term *= x * x / i;
  return sum * density(x);
}

/**
 * The inverse of the standard normal distribution function: the x with P(X < x) = p, by Newton's method, which from 0 on
 * approaches x from one side, since the density falls. Good to 1e-12 for p from 1e-9 to 1 - 1e-9.
 *
 * @param p In (0, 1).
 * @throws {RangeError} If p is not.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert(Math.abs(normalQuantile(0.975) - 1.959963984540054) < 1e-12);
 * ```
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`Cannot give a normal quantile: expected p in (0, 1), got ${p}`);
  const wanted = Math.abs(p - 0.5);
  let x = 0;
  for (let step = Infinity; Math.abs(step) > 1e-14 * (1 + x);) {
    step = (wanted - aboveHalf(x)) / density(x);
    x += step;
    if (step < 0) break; // past the root, by rounding alone
  }
  return p < 0.5 ? -x : x;
}
