// The total correlation of the aggregate posterior q(z), estimated from one batch by minibatch-weighted sampling: Chen,
// Li, Grosse and Duvenaud, Isolating Sources of Disentanglement in Variational Autoencoders (2018), appendix C.1. With
// l_ijd = log N(z_id; mean_jd, e^logVar_jd), L_ij = sum over d of l_ijd, and sums over the batch's j:
//
//   log q(z_i) = log sum e^L_ij - log(N M)                 log q(z_id) = log sum e^l_ijd - log(N M)
//   tc_i = log q(z_i) - sum over d of log q(z_id)
//   a_ijd = d tc_i / d l_ijd = softmax over j of L_ij - softmax over j of l_ijd
//
// f32_total_correlation_table   by latent variable: mean, 1/2 e^-logVar and -1/2 (log 2 pi + logVar) of each example
// f32_total_correlation         tc, weights = softmax of L, logMarginals = log sum e^l; logSize is log(N M)
// f32_total_correlation_dz      dz_id += scale sum over j of a_ijd (mean_jd - z_id) e^-logVar_jd
// f32_total_correlation_dq      dmean_jd += scale sum over i of a_ijd (z_id - mean_jd) e^-logVar_jd
//                               dlogVar_jd += scale sum over i of a_ijd 1/2 ((z_id - mean_jd)^2 e^-logVar_jd - 1)
//                               but nothing where logVar is at a bound or NaN
//
// Shapes: z, mean, logVar, logMarginals and all gradients [rows, columns]; tc [rows]; weights [rows, S], table
// [3, columns, S], where S is rows rounded up to whole vectors: what is beyond rows has the log density -1e30, which weighs
// nothing. Outputs overlap no input. Parts get whole rows of the batch: i, in the table and in f32_total_correlation_dq j.
// Sums are in float64. Finite while (z - mean)^2 e^-logVar is.
//
// Errors: the table 2e-7 of |terms|. Let s be the sum of |terms| of an l or L; then 4e-7 of the log-sums' 1 + log rows +
// mean of s under the softmax, and so tc and logMarginals; 6e-7 of weights (1 + s + mean of s); of a gradient 6e-7 of the
// sum of |terms|, with (weights + softmax (1 + s + |logMarginals|)) in place of |a|.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, mask, narrow, total, wideHigh, wideLow } from "./lanes";
import { exp, log } from "./math";

@inline
const LOG_2PI: f32 = 1.8378770664;
/** The log density of what is no example. */
@inline
const NEVER: f32 = -1e30;

@inline
function padded(rows: i32): i32 {
  return (rows + 3) & ~3;
}

/** `n` (1 to 4) floats that are `ld` bytes apart; the other lanes zero. */
function loadColumn(p: usize, ld: usize, n: i32): v128 {
  let v = v128.load32_zero(p);
  if (n > 1) v = f32x4.replace_lane(v, 1, f32.load(p + ld));
  if (n > 2) v = f32x4.replace_lane(v, 2, f32.load(p + 2 * ld));
  if (n > 3) v = f32x4.replace_lane(v, 3, f32.load(p + 3 * ld));
  return v;
}

/** Adds the first `n` lanes to floats that are `ld` bytes apart. */
function addColumn(p: usize, ld: usize, v: v128, n: i32): void {
  f32.store(p, f32.load(p) + f32x4.extract_lane(v, 0));
  if (n > 1) f32.store(p + ld, f32.load(p + ld) + f32x4.extract_lane(v, 1));
  if (n > 2) f32.store(p + 2 * ld, f32.load(p + 2 * ld) + f32x4.extract_lane(v, 2));
  if (n > 3) f32.store(p + 3 * ld, f32.load(p + 3 * ld) + f32x4.extract_lane(v, 3));
}

export function f32_total_correlation_table(
  part: i32, parts: i32, mean: usize, logVar: usize, table: usize, rows: i32, columns: i32,
): void {
  const S = padded(rows), ld = bytes(columns), plane = bytes(S) * columns, end = begin(S, 4, part + 1, parts);
  for (let j = begin(S, 4, part, parts); j < end; j += 4) {
    const n = min(4, rows - j), real = mask(n), row = ld * j;
    for (let d = 0; d < columns; d++) {
      const o = row + bytes(d), to = table + bytes(S) * d + bytes(j), v = loadColumn(logVar + o, ld, n);
      const constant = f32x4.mul(f32x4.splat(-0.5), f32x4.add(v, f32x4.splat(LOG_2PI)));
      v128.store(to, loadColumn(mean + o, ld, n));
      v128.store(to + plane, v128.and(f32x4.mul(f32x4.splat(0.5), exp(f32x4.neg(v))), real));
      v128.store(to + 2 * plane, v128.bitselect(constant, f32x4.splat(NEVER), real));
    }
  }
}

/** Of four examples, from the table at `p`: (z - mean) / 2 e^-logVar, half the slope of the log density by the mean. */
@inline
function halfSlope(z: v128, p: usize, plane: usize): v128 {
  return f32x4.mul(f32x4.sub(z, v128.load(p)), v128.load(p + plane));
}

/** The log density of four examples at z, given that. */
@inline
function logDensity(z: v128, half: v128, p: usize, plane: usize): v128 {
  return f32x4.sub(v128.load(p + 2 * plane), f32x4.mul(f32x4.sub(z, v128.load(p)), half));
}

@inline
function largest(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

function logOf(x: f32): f64 {
  return <f64> f32x4.extract_lane(log(f32x4.splat(x)), 0);
}

/** log sum e^L of one row; its softmax goes to `w`. */
@inline
function joint(zi: usize, table: usize, w: usize, columns: i32, S: i32, plane: usize): f64 {
  let most = f32x4.splat(-Infinity);
  for (let j = 0; j < S; j += 4) {
    let low = f64x2.splat(0), high = low, p = table + bytes(j);
    for (let d = 0; d < columns; d++) {
      const z = v128.load32_splat(zi + bytes(d)), l = logDensity(z, halfSlope(z, p, plane), p, plane);
      low = f64x2.add(low, wideLow(l));
      high = f64x2.add(high, wideHigh(l));
      p += bytes(S);
    }
    const sum = narrow(low, high);
    v128.store(w + bytes(j), sum);
    most = f32x4.max(most, sum);
  }
  const top = largest(most), tops = f32x4.splat(top);
  let all = f64x2.splat(0);
  for (let j = 0; j < S; j += 4) {
    const e = exp(f32x4.sub(v128.load(w + bytes(j)), tops));
    v128.store(w + bytes(j), e);
    all = addWide(all, e);
  }
  const sum = total(all), sums = f32x4.splat(sum);
  for (let j = 0; j < S; j += 4) v128.store(w + bytes(j), f32x4.div(v128.load(w + bytes(j)), sums));
  return <f64> top + logOf(sum);
}

/** log sum e^l of one row and one latent variable, whose table is at `p`. */
@inline
function marginal(z: v128, p: usize, S: i32, plane: usize): f64 {
  let most = f32x4.splat(-Infinity);
  for (let j = 0; j < S; j += 4) {
    const q = p + bytes(j);
    most = f32x4.max(most, logDensity(z, halfSlope(z, q, plane), q, plane));
  }
  const top = largest(most), tops = f32x4.splat(top);
  let all = f64x2.splat(0);
  for (let j = 0; j < S; j += 4) {
    const q = p + bytes(j);
    all = addWide(all, exp(f32x4.sub(logDensity(z, halfSlope(z, q, plane), q, plane), tops)));
  }
  return <f64> top + logOf(total(all));
}

export function f32_total_correlation(
  part: i32, parts: i32, z: usize, table: usize, logSize: f32, tc: usize, weights: usize, logMarginals: usize,
  rows: i32, columns: i32,
): void {
  const S = padded(rows), ld = bytes(columns), plane = bytes(S) * columns;
  for (let i = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); i < end; i++) {
    let sum = joint(z + ld * i, table, weights + bytes(S) * i, columns, S, plane) + <f64> (columns - 1) * logSize;
    for (let d = 0; d < columns; d++) {
      const o = ld * i + bytes(d), one = marginal(v128.load32_splat(z + o), table + bytes(S) * d, S, plane);
      f32.store(logMarginals + o, <f32> one);
      sum -= one;
    }
    f32.store(tc + bytes(i), <f32> sum);
  }
}

export function f32_total_correlation_dz(
  part: i32, parts: i32, z: usize, table: usize, weights: usize, logMarginals: usize, scale: f32, dz: usize,
  rows: i32, columns: i32,
): void {
  const S = padded(rows), ld = bytes(columns), plane = bytes(S) * columns;
  for (let i = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); i < end; i++) {
    const w = weights + bytes(S) * i;
    for (let d = 0; d < columns; d++) {
      const o = ld * i + bytes(d), p = table + bytes(S) * d;
      const zi = v128.load32_splat(z + o), whole = v128.load32_splat(logMarginals + o);
      let sum = f64x2.splat(0);
      for (let j = 0; j < S; j += 4) {
        const q = p + bytes(j), half = halfSlope(zi, q, plane);
        const a = f32x4.sub(v128.load(w + bytes(j)), exp(f32x4.sub(logDensity(zi, half, q, plane), whole)));
        sum = addWide(sum, f32x4.mul(a, half));
      }
      f32.store(dz + o, f32.load(dz + o) - 2 * scale * total(sum));
    }
  }
}

export function f32_total_correlation_dq(
  part: i32, parts: i32, z: usize, table: usize, weights: usize, logMarginals: usize, scale: f32,
  logVar: usize, low: f32, high: f32, dmean: usize, dlogVar: usize, rows: i32, columns: i32,
): void {
  const S = padded(rows), ld = bytes(columns), plane = bytes(S) * columns, s = f32x4.splat(scale);
  const end = begin(S, 4, part + 1, parts);
  for (let j = begin(S, 4, part, parts); j < end; j += 4) {
    const n = min(4, rows - j);
    for (let d = 0; d < columns; d++) {
      const p = table + bytes(S) * d + bytes(j), to = ld * j + bytes(d);
      let m0 = f64x2.splat(0), m1 = m0, v0 = m0, v1 = m0, o = bytes(d), w = weights + bytes(j);
      for (let i = 0; i < rows; i++) {
        const zi = v128.load32_splat(z + o), half = halfSlope(zi, p, plane), l = logDensity(zi, half, p, plane);
        const a = f32x4.sub(v128.load(w), exp(f32x4.sub(l, v128.load32_splat(logMarginals + o))));
        const square = f32x4.mul(f32x4.sub(zi, v128.load(p)), half);
        const dm = f32x4.mul(a, half), dv = f32x4.mul(a, f32x4.sub(square, f32x4.splat(0.5)));
        m0 = f64x2.add(m0, wideLow(dm));
        m1 = f64x2.add(m1, wideHigh(dm));
        v0 = f64x2.add(v0, wideLow(dv));
        v1 = f64x2.add(v1, wideHigh(dv));
        o += ld;
        w += bytes(S);
      }
      const v = loadColumn(logVar + to, ld, n);
      const inside = v128.and(f32x4.gt(v, f32x4.splat(low)), f32x4.lt(v, f32x4.splat(high)));
      addColumn(dmean + to, ld, f32x4.mul(f32x4.add(s, s), narrow(m0, m1)), n);
      addColumn(dlogVar + to, ld, v128.and(f32x4.mul(s, narrow(v0, v1)), inside), n);
    }
  }
}
