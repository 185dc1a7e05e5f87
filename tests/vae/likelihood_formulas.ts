import type { LikelihoodName } from "../../src/vae/likelihood.ts";

/** One value's likelihood in float64, by formulas other than the kernels', and where to look at it. */
export type Formula = {
  /** -log p(x | outputs) of one value. */
  nll(outputs: readonly number[], x: number, logVar: number): number;
  /** Outputs to look at. */
  readonly cases: readonly (readonly number[])[];
  readonly logVars: readonly number[];
  /** Values of x to look at. */
  readonly xs: readonly number[];
  /** Over what change of each output the nll changes much: of it a step of finite differences is a small part. */
  length(outputs: readonly number[], logVar: number): number[];
  /** Points and weights by which a function of x sums, or integrates. */
  points(outputs: readonly number[], logVar: number): { x: number[]; weight: number[] };
};

const LOGITS = [-30, -8, -2, -1, -1e-4, -1e-7, 0, 1e-6, 1e-4, 0.3, 1.999, 2.001, 5, 30];
const UNIT = [0, 0.1, 0.5, 0.75, 1];

/** Simpson's rule with n (even) intervals. */
function simpson(low: number, high: number, n = 4000): { x: number[]; weight: number[] } {
  const h = (high - low) / n;
  const weight = (i: number) => h / 3 * (i === 0 || i === n ? 1 : i % 2 ? 4 : 2);
  return {
    x: Array.from({ length: n + 1 }, (_, i) => low + h * i),
    weight: Array.from({ length: n + 1 }, (_, i) => weight(i)),
  };
}

/** The integral of e^(l x) over [0, 1], which keeps a float64's accuracy also around l = 0. */
function partition(l: number): number {
  const { x, weight } = simpson(0, 1);
  return x.reduce((sum, x, i) => sum + weight[i] * Math.exp(l * x), 0);
}

function normal(mean: number, logVar: number, x: number): number {
  return (Math.log(2 * Math.PI) + logVar + (x - mean) ** 2 / Math.exp(logVar)) / 2;
}

function held(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

const GAUSSIAN: Formula = {
  nll: ([mean], x, logVar) => normal(mean, logVar, x),
  cases: [[-100], [-1.5], [0], [0.25], [3]],
  logVars: [-6, 0, 2.5],
  xs: [-2, 0, 0.25, 1, 50],
  length: (_, logVar) => [Math.exp(logVar / 2)],
  points: ([mean], logVar) => simpson(mean - 10 * Math.exp(logVar / 2), mean + 10 * Math.exp(logVar / 2)),
};

/** log(cosh a + cosh b) for any size of them. */
function logSumCosh(a: number, b: number): number {
  const most = Math.max(Math.abs(a), Math.abs(b));
  return most + Math.log([a, -a, b, -b].reduce((sum, v) => sum + Math.exp(v - most), 0) / 2);
}

/** -log of the difference of two sigmoids around z, w to each side: sinh w / (cosh z + cosh w). */
function logisticNll([m, given]: readonly number[], x: number): number {
  const r = Math.exp(-held(given, -7, 5)), z = (Math.fround(x) - m) * r, w = r / 510;
  const beyond = (z: number) => z > 30 ? z : Math.log1p(Math.exp(z)); // -log of the sigmoid of -z
  if (x === 0) return beyond(-(z + w));
  if (x === 1) return beyond(z - w);
  return logSumCosh(z, w) - (w + Math.log1p(-Math.exp(-2 * w)) - Math.LN2);
}

const LEVELS = Array.from({ length: 256 }, (_, k) => k / 255);

/** By name. */
export const FORMULAS: Readonly<Record<LikelihoodName, Formula>> = {
  bernoulli: {
    nll: ([l], x) => x * Math.log1p(Math.exp(-l)) + (1 - x) * Math.log1p(Math.exp(l)),
    cases: LOGITS.map((l) => [l]),
    logVars: [0],
    xs: UNIT,
    length: () => [1],
    points: () => ({ x: [0, 1], weight: [1, 1] }),
  },
  "continuous-bernoulli": {
    nll: ([l], x) => Math.log(partition(l)) - l * x,
    cases: LOGITS.map((l) => [l]),
    logVars: [0],
    xs: UNIT,
    length: () => [1],
    points: () => simpson(0, 1),
  },
  gaussian: GAUSSIAN,
  "gaussian-global": GAUSSIAN,
  "gaussian-pixel": {
    nll: ([mean, logVar], x) => normal(mean, held(logVar, -10, 10), x),
    cases: [[0.25, -12], [0.3, -9], [-1, -3], [0, 0], [0.25, 1.5], [2, 9], [50, 4], [0, 13]],
    logVars: [0],
    xs: [-2, 0, 0.25, 1, 50],
    length: ([, logVar]) => [Math.exp(held(logVar, -10, 10) / 2), 1],
    points: ([mean, logVar]) => GAUSSIAN.points([mean], held(logVar, -10, 10)),
  },
  "squared-error": {
    ...GAUSSIAN,
    nll: ([mean], x) => (x - mean) ** 2 + Math.log(Math.PI) / 2,
    logVars: [0],
    length: () => [1],
    points: ([mean]) => simpson(mean - 8, mean + 8),
  },
  laplace: {
    ...GAUSSIAN,
    nll([location], x, logVar) {
      const b = Math.sqrt(Math.exp(logVar) / 2);
      return Math.log(2 * b) + Math.abs(x - location) / b;
    },
    // The density has its kink at a point of the grid.
    points: ([m], logVar) => simpson(m - 16 * Math.exp(logVar / 2), m + 16 * Math.exp(logVar / 2)),
  },
  "discretized-logistic": {
    nll: logisticNll,
    cases: [
      ...[[0.5, -7.5], [0.5, -6.99], [0.1, -6.5], [1, -3], [0.3, -2], [0.5, 0], [0.7, 4.5], [0.2, 7]],
      ...[[2, -6.9], [-1, -5], [-30, -4], [0, -6], [1.001, -6.9]],
    ],
    logVars: [0],
    xs: [0, 1 / 255, 51 / 255, 102 / 255, 254 / 255, 1],
    length: ([, logScale]) => [Math.exp(held(logScale, -7, 5)), 1],
    points: () => ({ x: LEVELS, weight: LEVELS.map(() => 1) }),
  },
};
