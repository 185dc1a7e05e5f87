// Elementary functions on four floats. Methods are the classical ones (range reduction, then a polynomial of the Cephes
// library's single precision set); bounds below were measured against float64 over the stated range.
// deno-fmt-ignore-file: fmt drops @inline

import { madd } from "./lanes";

@inline
const LN2_HI: f32 = 0.693359375;
@inline
const LN2_LO: f32 = -2.12194440e-4;

@inline
function f(x: f32): v128 {
  return f32x4.splat(x);
}

/** exp(r) - 1 for |r| <= ln(2) / 2. */
@inline
function expm1Reduced(r: v128): v128 {
  let p = madd(f(1.9875691500e-4), r, f(1.3981999507e-3));
  p = madd(p, r, f(8.3334519073e-3));
  p = madd(p, r, f(4.1665795894e-2));
  p = madd(p, r, f(1.6666665459e-1));
  p = madd(p, r, f(5.0000001201e-1));
  return madd(f32x4.mul(p, r), r, r);
}

/** x held where 2^n below stays a normal number; NaN stays NaN. */
@inline
function clampExponent(x: v128): v128 {
  return f32x4.min(f32x4.max(x, f(-87.33654)), f(88.37626));
}

@inline
function power(n: v128): v128 {
  return i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
}

/** e^x, relative error 1e-7; saturates at e^-87.34 and e^88.38 instead of giving 0 or infinity. */
@inline
export function exp(x: v128): v128 {
  x = clampExponent(x);
  const n = f32x4.nearest(f32x4.mul(x, f(1.44269504)));
  const s = power(n);
  const r = madd(n, f(-LN2_LO), madd(n, f(-LN2_HI), x));
  return madd(s, expm1Reduced(r), s);
}

/** e^x - 1, error 1.2e-7 relative, also near 0; saturates at e^88.38. */
@inline
export function expm1(x: v128): v128 {
  x = clampExponent(x);
  const n = f32x4.nearest(f32x4.mul(x, f(1.44269504)));
  const s = power(n);
  const r = madd(n, f(-LN2_LO), madd(n, f(-LN2_HI), x));
  return madd(s, expm1Reduced(r), f32x4.sub(s, f(1)));
}

/** ln(x) for normal x > 0, error 1.5e-7 relative to max(1, |ln x|). */
@inline
export function log(x: v128): v128 {
  // x = m * 2^e with m in [1/2, 1), then m in [sqrt(1/2), sqrt(2)).
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
  let m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  const low = f32x4.lt(m, f(0.707106781));
  e = f32x4.sub(e, v128.and(low, f(1)));
  m = f32x4.sub(f32x4.add(m, v128.and(low, m)), f(1));
  const m2 = f32x4.mul(m, m);
  let p = madd(f(7.0376836292e-2), m, f(-1.1514610310e-1));
  p = madd(p, m, f(1.1676998740e-1));
  p = madd(p, m, f(-1.2420140846e-1));
  p = madd(p, m, f(1.4249322787e-1));
  p = madd(p, m, f(-1.6668057665e-1));
  p = madd(p, m, f(2.0000714765e-1));
  p = madd(p, m, f(-2.4999993993e-1));
  p = madd(p, m, f(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, m), m2);
  y = madd(e, f(LN2_LO), y);
  y = madd(m2, f(-0.5), y);
  return madd(e, f(LN2_HI), f32x4.add(m, y));
}

/** ln(1 + t) for t > -1, error 1.3e-7 relative to max(|t|, |ln(1 + t)|): what 1 + t loses to rounding is added back. */
@inline
export function log1p(t: v128): v128 {
  const u = f32x4.add(t, f(1));
  const lost = f32x4.sub(t, f32x4.sub(u, f(1)));
  return f32x4.add(log(u), f32x4.div(lost, u));
}

/** ln(1 + e) for e in [0, 1], error 1.6e-7 of e: e times the polynomial of f32_bernoulli_nll, without range reduction. */
@inline
export function log1pUnit(e: v128): v128 {
  let p = madd(f(0.00525345793), e, f(-0.0295885075));
  p = madd(p, e, f(0.0783616677));
  p = madd(p, e, f(-0.136747703));
  p = madd(p, e, f(0.191114306));
  p = madd(p, e, f(-0.248443693));
  p = madd(p, e, f(0.333192706));
  p = madd(p, e, f(-0.499995023));
  p = madd(p, e, f(1));
  return f32x4.mul(p, e);
}

/** 1 / (1 + e^-x), error 2.2e-7 relative for x > -87; below it saturates at e^-87.34. */
@inline
export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const r = f32x4.div(f(1), f32x4.add(f(1), e));
  return v128.bitselect(f32x4.mul(e, r), r, f32x4.lt(x, f(0)));
}

/** sigmoid(x) (1 - sigmoid(x)), error 3e-7 relative for |x| < 87, without the cancellation of 1 - sigmoid(x). */
@inline
export function sigmoidSlope(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const r = f32x4.div(f(1), f32x4.add(f(1), e));
  return f32x4.mul(f32x4.mul(e, r), r);
}

/** tanh(x), error 1.6e-7 relative: a polynomial below 0.625, (1 - e^-2|x|) / (1 + e^-2|x|) above. */
@inline
export function tanh(x: v128): v128 {
  const a = f32x4.abs(x);
  const e = exp(f32x4.mul(a, f(-2)));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const large = v128.or(f32x4.div(f32x4.sub(f(1), e), f32x4.add(f(1), e)), sign);
  const x2 = f32x4.mul(x, x);
  let p = madd(f(-5.70498872745e-3), x2, f(2.06390887954e-2));
  p = madd(p, x2, f(-5.37397155531e-2));
  p = madd(p, x2, f(1.33314422036e-1));
  p = madd(p, x2, f(-3.33332819422e-1));
  const small = madd(f32x4.mul(p, x2), x, x);
  return v128.bitselect(small, large, f32x4.lt(a, f(0.625)));
}

/**
 * The standard normal distribution function from x and e^(-x^2/2): (1 + erf(x / sqrt 2)) / 2, absolute error 3.5e-7.
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
 */
@inline
export function normalCdf(x: v128, gauss: v128): v128 {
  const a = f32x4.abs(x);
  const t = f32x4.div(f(1), madd(a, f(0.3275911 * 0.70710678), f(1)));
  let p = madd(f(1.061405429), t, f(-1.453152027));
  p = madd(p, t, f(1.421413741));
  p = madd(p, t, f(-0.284496736));
  p = madd(p, t, f(0.254829592));
  const tail = f32x4.mul(f32x4.mul(f32x4.mul(p, t), gauss), f(0.5));
  return v128.bitselect(tail, f32x4.sub(f(1), tail), f32x4.lt(x, f(0)));
}

/**
 * sqrt(2) * erfinv(u) for u in (-1, 1): a standard normal from a uniform. Giles, Approximating the erfinv function
 * (2010), single precision; error 3e-7 relative, and what the rounding of u^2 adds where it is near 1: 6e-6 in
 * all. JAX does the same, and so gets the same numbers.
 */
@inline
export function normalQuantile(u: v128): v128 {
  const w = f32x4.neg(log1p(f32x4.neg(f32x4.mul(u, u))));
  const near = f32x4.sub(w, f(2.5));
  let p = madd(f(2.81022636e-08), near, f(3.43273939e-07));
  p = madd(p, near, f(-3.5233877e-06));
  p = madd(p, near, f(-4.39150654e-06));
  p = madd(p, near, f(0.00021858087));
  p = madd(p, near, f(-0.00125372503));
  p = madd(p, near, f(-0.00417768164));
  p = madd(p, near, f(0.246640727));
  p = madd(p, near, f(1.50140941));
  const far = f32x4.sub(f32x4.sqrt(w), f(3));
  let q = madd(f(-0.000200214257), far, f(0.000100950558));
  q = madd(q, far, f(0.00134934322));
  q = madd(q, far, f(-0.00367342844));
  q = madd(q, far, f(0.00573950773));
  q = madd(q, far, f(-0.0076224613));
  q = madd(q, far, f(0.00943887047));
  q = madd(q, far, f(1.00167406));
  q = madd(q, far, f(2.83297682));
  const r = v128.bitselect(p, q, f32x4.lt(w, f(5)));
  return f32x4.mul(f32x4.mul(r, u), f(1.41421356));
}
