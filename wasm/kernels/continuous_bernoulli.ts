// The continuous Bernoulli likelihood from logits: Loaiza-Ganem and Cunningham, The Continuous Bernoulli: Fixing a
// Pervasive Error in Variational Autoencoders (2019), equations 4 to 8 with l = log(lambda / (1 - lambda)), a = |l|.
//
// f32_continuous_bernoulli_nll     loss[r] = sum over j of log((e^l - 1) / l) - l x
//                                  dlogits[r, j] = (mean(l) - x) scale                 (left out where dlogits is 0)
// f32_continuous_bernoulli_mean    mean(l) = 1 / (1 - e^-l) - 1 / l
// f32_continuous_bernoulli_sample  the quantile of u in [0, 1): y = -log(1 - u (1 - e^-a)) / a for l < 0, else 1 - y
//
// From a = 2 on the terms of the loss are max(l, 0), -l x and log((1 - e^-a) / a). Below, where they cancel, they are
// l (1/2 - x) and log(sinh(l/2) / (l/2)), which is l^2 times a polynomial in l^2, as mean(l) - 1/2 is l times another:
// of degree 4, by Chebyshev nodes on [0, 4], errors 4e-8 and 5e-8.
//
// Shapes: logits, x, dlogits [rows, columns]; loss [rows]; means and samples are flat with n values. dlogits, mean and
// out may be logits, out may be u. Errors: loss 3e-7 of the sum of |terms| (those three for any l; each row is summed
// in float64), dlogits 2e-7 scale, mean 2e-7, out 4e-7. Rows, or values, are split over the parts.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, madd, mask, storeTail, total } from "./lanes";
import { exp, expm1, log } from "./math";

/** log(sinh(l/2) / (l/2)) for t = l^2 up to 4. */
@inline
function logSinhc(t: v128): v128 {
  let p = madd(f32x4.splat(1.70277914e-9), t, f32x4.splat(-1.02051338e-7));
  p = madd(p, t, f32x4.splat(0.00000550965933));
  p = madd(p, t, f32x4.splat(-0.000347221328));
  p = madd(p, t, f32x4.splat(0.0416666679));
  return f32x4.mul(p, t);
}

/** mean(l) from e = e^-|l|: below |l| = 2 by a polynomial, beyond it by its distance 1 / a - e / (1 - e) to 0 or 1. */
@inline
function meanOf(l: v128, e: v128): v128 {
  const one = f32x4.splat(1), a = f32x4.abs(l), t = f32x4.mul(l, l);
  let p = madd(f32x4.splat(1.63568714e-8), t, f32x4.splat(-8.11700431e-7));
  p = madd(p, t, f32x4.splat(0.0000330478215));
  p = madd(p, t, f32x4.splat(-0.00138887856));
  p = madd(p, t, f32x4.splat(0.0833333358));
  const near = madd(p, l, f32x4.splat(0.5));
  const d = f32x4.sub(f32x4.div(one, a), f32x4.div(e, f32x4.sub(one, e)));
  const far = v128.bitselect(d, f32x4.sub(one, d), f32x4.lt(l, f32x4.splat(0)));
  return v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(2)));
}

@inline
function decay(l: v128): v128 {
  return exp(f32x4.neg(f32x4.abs(l)));
}

export function f32_continuous_bernoulli_nll(
  part: i32, parts: i32, logits: usize, x: usize, loss: usize, dlogits: usize, scale: f32, rows: i32, columns: i32,
): void {
  const s = f32x4.splat(scale);
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const o = row + bytes(j), k = columns - j, tail = k < 4;
      const l = tail ? loadTail(logits + o, k) : v128.load(logits + o);
      const t = tail ? loadTail(x + o, k) : v128.load(x + o);
      const a = f32x4.abs(l), e = decay(l);
      const near = madd(l, f32x4.sub(f32x4.splat(0.5), t), logSinhc(f32x4.mul(l, l)));
      const edge = log(f32x4.div(f32x4.sub(f32x4.splat(1), e), a));
      const far = f32x4.add(f32x4.sub(f32x4.max(l, f32x4.splat(0)), f32x4.mul(l, t)), edge);
      let term = v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(2)));
      if (tail) term = v128.and(term, mask(k));
      sum = addWide(sum, term);
      if (dlogits) {
        const d = f32x4.mul(f32x4.sub(meanOf(l, e), t), s);
        if (tail) storeTail(dlogits + o, d, k);
        else v128.store(dlogits + o, d);
      }
    }
    f32.store(loss + bytes(r), total(sum));
  }
}

export function f32_continuous_bernoulli_mean(part: i32, parts: i32, logits: usize, mean: usize, n: i32): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const l = v128.load(logits + bytes(i));
    v128.store(mean + bytes(i), meanOf(l, decay(l)));
  }
  if (i < end) {
    const l = loadTail(logits + bytes(i), end - i);
    storeTail(mean + bytes(i), meanOf(l, decay(l)), end - i);
  }
}

function quantile(l: v128, u: v128): v128 {
  const one = f32x4.splat(1), a = f32x4.max(f32x4.abs(l), f32x4.splat(1e-20)); // at 0 the limit, which is u
  // Below a = 1 as log1p of -u (1 - e^-a); beyond, where that may come close to -1, as log of (1 - u) + u e^-a.
  const near = f32x4.lt(a, one), t = f32x4.mul(u, expm1(f32x4.neg(a))), shifted = f32x4.add(t, one);
  const lost = f32x4.div(f32x4.sub(t, f32x4.sub(shifted, one)), shifted);
  const inner = v128.bitselect(shifted, madd(u, exp(f32x4.neg(a)), f32x4.sub(one, u)), near);
  const y = f32x4.div(f32x4.neg(f32x4.add(log(inner), v128.and(lost, near))), a);
  const held = f32x4.min(f32x4.max(y, f32x4.splat(0)), one);
  return v128.bitselect(held, f32x4.sub(one, held), f32x4.lt(l, f32x4.splat(0)));
}

export function f32_continuous_bernoulli_sample(
  part: i32, parts: i32, logits: usize, u: usize, out: usize, n: i32,
): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i);
    v128.store(out + o, quantile(v128.load(logits + o), v128.load(u + o)));
  }
  if (i < end) {
    const o = bytes(i), k = end - i;
    storeTail(out + o, quantile(loadTail(logits + o, k), loadTail(u + o, k)), k);
  }
}
