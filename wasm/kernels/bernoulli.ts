// deno-fmt-ignore-file: dprint deletes the decorators of AssemblyScript
// f32_bernoulli_nll: -log p(x | logits) of a Bernoulli likelihood and its gradient, in one pass over the logits.
//
//   loss[r] = sum over j of max(l, 0) - l x + log(1 + e^-|l|)          (stable for any l; x in [0, 1])
//   dlogits[r, j] = (sigmoid(l) - x) scale                              (left out where dlogits is 0)
//
// Shapes: logits, x, dlogits [rows, columns]; loss [rows]. dlogits may be logits. Rows are split over the parts.
// Errors: loss 3e-7 of the sum of |terms| (each row is summed in float64), dlogits 3e-7 scale.
//
// V8 builds a constant vector anew at each use, three instructions or more, and there are 21 in each element's work. So
// they are made once a call, by adding a zero that no compiler can see through, and live in registers and on the stack.
// log(1 + e) needs no range reduction for e in (0, 1]: e times a polynomial of degree 8 (Chebyshev nodes,
// error 1.6e-7 of e).

import { addWide, begin, bytes, loadTail, madd, mask, storeTail, total } from "./lanes";

export function f32_bernoulli_nll(
  part: i32, parts: i32, logits: usize, x: usize, loss: usize, dlogits: usize, scale: f32, rows: i32, columns: i32,
): void {
  const hidden: f32 = <f32> (rows >> 31), s = f32x4.splat(scale); // 0, since rows is positive
  const zero = f32x4.splat(hidden), one = f32x4.splat(1 + hidden);
  // e^y for y <= 0: as in math.ts, where the bounds are explained.
  const least = f32x4.splat(-87.33654 + hidden), log2e = f32x4.splat(1.44269504 + hidden);
  const high = f32x4.splat(-0.693359375 + hidden), low = f32x4.splat(2.12194440e-4 + hidden);
  const e0 = f32x4.splat(5.0000001201e-1 + hidden), e1 = f32x4.splat(1.6666665459e-1 + hidden);
  const e2 = f32x4.splat(4.1665795894e-2 + hidden), e3 = f32x4.splat(8.3334519073e-3 + hidden);
  const e4 = f32x4.splat(1.3981999507e-3 + hidden), e5 = f32x4.splat(1.9875691500e-4 + hidden);
  const bias = i32x4.splat(127 + (rows >> 31));
  // log(1 + e) / e; its constant term is 1.
  const l1 = f32x4.splat(-0.499995023 + hidden), l2 = f32x4.splat(0.333192706 + hidden);
  const l3 = f32x4.splat(-0.248443693 + hidden), l4 = f32x4.splat(0.191114306 + hidden);
  const l5 = f32x4.splat(-0.136747703 + hidden), l6 = f32x4.splat(0.0783616677 + hidden);
  const l7 = f32x4.splat(-0.0295885075 + hidden), l8 = f32x4.splat(0.00525345793 + hidden);

  const whole = columns & ~3, rest = columns & 3;
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0), lp = logits + row, xp = x + row, dp = dlogits + row;
    for (let j = 0; j < columns; j += 4) {
      const tail = j == whole;
      const l = tail ? loadTail(lp, rest) : v128.load(lp), t = tail ? loadTail(xp, rest) : v128.load(xp);
      const y = f32x4.max(f32x4.neg(f32x4.abs(l)), least);
      const n = f32x4.nearest(f32x4.mul(y, log2e));
      const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), bias), 23);
      const q = madd(n, low, madd(n, high, y));
      let p = madd(madd(madd(madd(madd(e5, q, e4), q, e3), q, e2), q, e1), q, e0);
      const e = madd(power, madd(f32x4.mul(p, q), q, q), power);

      p = madd(madd(madd(madd(l8, e, l7), e, l6), e, l5), e, l4);
      p = madd(madd(madd(madd(p, e, l3), e, l2), e, l1), e, one);
      let term = madd(p, e, f32x4.sub(f32x4.max(l, zero), f32x4.mul(l, t)));
      if (tail) term = v128.and(term, mask(rest));
      sum = addWide(sum, term);
      if (dlogits) {
        const right = f32x4.div(one, f32x4.add(one, e));
        const sigmoid = v128.bitselect(f32x4.mul(e, right), right, f32x4.lt(l, zero));
        const d = f32x4.mul(f32x4.sub(sigmoid, t), s);
        if (tail) storeTail(dp, d, rest);
        else v128.store(dp, d);
        dp += 16;
      }
      lp += 16;
      xp += 16;
    }
    f32.store(loss + bytes(r), total(sum));
  }
}
