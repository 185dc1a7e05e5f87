import { bernoulliNll, type Gradient } from "../kernels/bernoulli.ts";
import {
  continuousBernoulliMean,
  continuousBernoulliNll,
  continuousBernoulliSample,
} from "../kernels/continuous_bernoulli.ts";
import { activate } from "../kernels/activation.ts";
import { drawBernoulli, drawNormal, drawUniform } from "../kernels/draw.ts";
import {
  gaussianNll,
  gaussianPixelNll,
  gaussianPixelSample,
  gaussianSample,
  gaussianSlope,
} from "../kernels/gaussian_nll.ts";
import type { Matrix } from "../kernels/heap.ts";
import { laplaceNll, laplaceSample } from "../kernels/laplace.ts";
import { logisticMean, logisticNll, logisticSample } from "../kernels/logistic.ts";
import { firsts } from "../kernels/pairs.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";

/**
 * p(x | z) as the decoder's outputs parameterize it: the seam at which another likelihood is added. Values of x are
 * independent; D of them have outputs [B, D P], the P parameters of each next to each other.
 */
export type Likelihood = {
  /** P: how many parameters the decoder gives for each value of x. */
  readonly outputs: 1 | 2;
  /** The values that x may have. */
  readonly support: readonly [low: number, high: number];
  /** What `logVar` is below: not used, part of the configuration, or one parameter of the model. */
  readonly logVar: "none" | "fixed" | "learned";
  /**
   * nll [B, 1] = -log p(x | outputs) in nats, with all constants; with `gradient`, also its derivative by the outputs,
   * times `scale`, which may be written over them.
   */
  nll(rt: Runtime, nll: Matrix, outputs: Matrix, x: Matrix, logVar: number, gradient?: Gradient): void;
  /** Where logVar is learned: the derivative of one example's nll by it, from that nll and the number of its values. */
  slope?(nll: number, D: number, logVar: number): number;
  /** The mean of x under the outputs, [B, D]; for P = 1 it may be written over them. */
  mean(rt: Runtime, out: Matrix, outputs: Matrix, logVar: number): void;
  /** A sample of x, [B, D]; for P = 1 it may be written over the outputs. */
  sample(rt: Runtime, out: Matrix, outputs: Matrix, logVar: number, key: Key): void;
};

/** The name of a likelihood. */
export type LikelihoodName =
  | "bernoulli"
  | "continuous-bernoulli"
  | "gaussian"
  | "gaussian-global"
  | "gaussian-pixel"
  | "squared-error"
  | "laplace"
  | "discretized-logistic";

const UNIT = [0, 1] as const;

/** Up to the largest float32: all that is finite. */
const FINITE = [-3.4028234663852886e38, 3.4028234663852886e38] as const;

/** The log-variance at which a Gaussian's nll is the squared error, but for its constant. */
const LOG_HALF = -Math.LN2;

/** The outputs are the mean already. */
function outputsOf(rt: Runtime, out: Matrix, outputs: Matrix): void {
  if (out.ptr !== outputs.ptr) activate(rt, out, outputs, "identity");
}

/** Gives `body` a matrix of draws like `out`, for as long as it runs. */
function withDraws(rt: Runtime, out: Matrix, draw: (u: Matrix) => void, body: (u: Matrix) => void): void {
  rt.arena.scope(() => {
    const u = rt.arena.matrix(out.rows, out.cols);
    draw(u);
    body(u);
  });
}

/** Uniform in (-1, 1), as the normal draws have it below their quantile. */
function drawSigned(rt: Runtime, out: Matrix, key: Key): void {
  drawUniform(rt, out, key, -0.99999994, 1);
}

const gaussian: Likelihood = {
  outputs: 1,
  support: FINITE,
  logVar: "fixed",
  nll: gaussianNll,
  mean: outputsOf,
  sample: (rt, out, mean, logVar, key) =>
    withDraws(rt, out, (eps) => drawNormal(rt, eps, key), (eps) => gaussianSample(rt, out, mean, eps, logVar)),
};

/** The likelihoods by name. */
export const LIKELIHOODS: Readonly<Record<LikelihoodName, Likelihood>> = {
  /** Independent Bernoulli from logits; for x strictly between 0 and 1 its cross-entropy, as is usual for gray images. */
  bernoulli: {
    outputs: 1,
    support: UNIT,
    logVar: "none",
    nll: (rt, nll, logits, x, _logVar, gradient) => bernoulliNll(rt, nll, logits, x, gradient),
    mean: (rt, out, logits) => activate(rt, out, logits, "sigmoid"),
    sample(rt, out, logits, _logVar, key) {
      activate(rt, out, logits, "sigmoid");
      drawBernoulli(rt, out, key, out);
    },
  },

  /** A density on [0, 1] from logits, e^(l x) l / (e^l - 1): Loaiza-Ganem and Cunningham (2019). */
  "continuous-bernoulli": {
    outputs: 1,
    support: UNIT,
    logVar: "none",
    nll: (rt, nll, logits, x, _logVar, gradient) => continuousBernoulliNll(rt, nll, logits, x, gradient),
    mean: (rt, out, logits) => continuousBernoulliMean(rt, out, logits),
    sample: (rt, out, logits, _logVar, key) =>
      withDraws(rt, out, (u) => drawUniform(rt, u, key, 0, 1), (u) => continuousBernoulliSample(rt, out, logits, u)),
  },

  /** Gaussian around the outputs, its variance e^logVar the same for all values and fixed. */
  gaussian,

  /** The same with a learned variance: Rybkin et al., Simple and Effective VAE Training with Calibrated Decoders (2021). */
  "gaussian-global": { ...gaussian, logVar: "learned", slope: gaussianSlope },

  /** Gaussian with mean and log-variance for each value, the latter within PIXEL_LOG_VAR_BOUNDS. */
  "gaussian-pixel": {
    outputs: 2,
    support: FINITE,
    logVar: "none",
    nll: (rt, nll, outputs, x, _logVar, gradient) => gaussianPixelNll(rt, nll, outputs, x, gradient),
    mean: (rt, out, outputs) => firsts(rt, out, outputs),
    sample(rt, out, outputs, _logVar, key) {
      drawNormal(rt, out, key);
      gaussianPixelSample(rt, out, outputs, out);
    },
  },

  /** Gaussian of variance 1/2: the sum of (x - mean)^2, and log(pi) / 2 for each value. */
  "squared-error": {
    ...gaussian,
    logVar: "none",
    nll: (rt, nll, mean, x, _logVar, gradient) => gaussianNll(rt, nll, mean, x, LOG_HALF, gradient),
    sample: (rt, out, mean, _logVar, key) => gaussian.sample(rt, out, mean, LOG_HALF, key),
  },

  /** Laplace around the outputs, its variance 2 b^2 = e^logVar the same for all values and fixed. */
  laplace: {
    outputs: 1,
    support: FINITE,
    logVar: "fixed",
    nll: laplaceNll,
    mean: outputsOf,
    sample: (rt, out, location, logVar, key) =>
      withDraws(rt, out, (u) => drawSigned(rt, u, key), (u) => laplaceSample(rt, out, location, u, logVar)),
  },

  /**
   * A logistic distribution in bins around the levels k / 255, the outer ones unbounded, by location and log-scale for each
   * value, the latter within LOG_SCALE_BOUNDS: Salimans et al., PixelCNN++ (2017), equation 2, with one component.
   */
  "discretized-logistic": {
    outputs: 2,
    support: UNIT,
    logVar: "none",
    nll: (rt, nll, outputs, x, _logVar, gradient) => logisticNll(rt, nll, outputs, x, gradient),
    mean: (rt, out, outputs) => logisticMean(rt, out, outputs),
    sample(rt, out, outputs, _logVar, key) {
      drawSigned(rt, out, key);
      logisticSample(rt, out, outputs, out);
    },
  },
};
