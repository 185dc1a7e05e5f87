// The normal distribution in float64, to about 1e-13: what JavaScript's Math lacks.

/** exp(-x^2/2) / sqrt(2 pi) */
export function density(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

/** The integral of the density from 0 to x, by its series: sum over k of x^(2k+1) / (1 3 5 ... (2k+1)), times density. */
function fromZero(x: number): number {
  let term = x, sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) sum += term *= x * x / (2 * k + 1);
  return sum * density(x);
}

/** The integral from x > 0 to infinity, by Laplace's continued fraction: density / (x + 1/(x + 2/(x + 3/(x + ...)))). */
function tail(x: number): number {
  let fraction = x;
  for (let k = 80; k > 0; k--) fraction = x + k / fraction;
  return density(x) / fraction;
}

/** The distribution function: the integral from -infinity to x. */
export function cdf(x: number): number {
  if (Math.abs(x) < 3) return 0.5 + fromZero(x);
  return x < 0 ? tail(-x) : 1 - tail(x);
}

/** sqrt(2) erfinv(u) for u in (-1, 1): where the integral from 0 is u / 2. By Newton's method. */
export function quantile(u: number): number {
  const target = Math.abs(u) / 2, beyond = (1 - Math.abs(u)) / 2;
  let z = Math.min(Math.sqrt(-2 * Math.log(2 * beyond)), 2.6 * target);
  for (let step = 0; step < 60; step++) {
    // Close to the end of the range 1 - u is what can be told exactly.
    const error = z < 1 ? fromZero(z) - target : beyond - (z < 3 ? 0.5 - fromZero(z) : tail(z));
    // With the second derivative, as -z density: Halley's method.
    const newton = error / density(z), change = newton / (1 + newton * z / 2);
    z -= change;
    if (Math.abs(change) <= 1e-15 * z) break;
  }
  return u < 0 ? -z : z;
}
