// f32_bernoulli_nll: -log p(x | logits) of a Bernoulli likelihood and its gradient, in one pass over the logits.
//
//   loss[r] = sum over j of max(l, 0) - l x + log(1 + e^-|l|)          (stable for any l; x in [0, 1])
//   dlogits[r, j] = (sigmoid(l) - x) scale                              (left out where dlogits is 0)
//
// Shapes: logits, x, dlogits [rows, columns]; loss [rows]. dlogits may be logits. Rows are split over the parts.
// Errors: loss 3e-7 of the sum of max(l, 0) + |l x| + log(1 + e^-|l|), dlogits 3e-7 scale. Rows are summed in float64.
// deno-fmt-ignore-file: fmt drops @inline

import { addWide, begin, bytes, loadTail, mask, storeTail, total } from "./lanes";
import { exp, log1p } from "./math";

@inline
function term(l: v128, x: v128, e: v128): v128 {
  return f32x4.add(f32x4.sub(f32x4.max(l, f32x4.splat(0)), f32x4.mul(l, x)), log1p(e));
}

@inline
function gradient(l: v128, x: v128, e: v128, scale: v128): v128 {
  const r = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e));
  const p = v128.bitselect(f32x4.mul(e, r), r, f32x4.lt(l, f32x4.splat(0)));
  return f32x4.mul(f32x4.sub(p, x), scale);
}

export function f32_bernoulli_nll(
  part: i32, parts: i32, logits: usize, x: usize, loss: usize, dlogits: usize, scale: f32, rows: i32, columns: i32,
): void {
  const s = f32x4.splat(scale);
  const whole = columns & ~3, rest = columns & 3;
  for (let r = begin(rows, 1, part, parts), end = begin(rows, 1, part + 1, parts); r < end; r++) {
    const row = bytes(r) * columns;
    let sum = f64x2.splat(0);
    let lp = logits + row, xp = x + row, dp = dlogits + row;
    for (let j = 0; j < whole; j += 4) {
      const l = v128.load(lp), t = v128.load(xp), e = exp(f32x4.neg(f32x4.abs(l)));
      sum = addWide(sum, term(l, t, e));
      if (dlogits) v128.store(dp, gradient(l, t, e, s));
      lp += 16;
      xp += 16;
      dp += 16;
    }
    if (rest) {
      const l = loadTail(lp, rest), t = loadTail(xp, rest), e = exp(f32x4.neg(f32x4.abs(l)));
      sum = addWide(sum, v128.and(term(l, t, e), mask(rest)));
      if (dlogits) storeTail(dp, gradient(l, t, e, s), rest);
    }
    f32.store(loss + bytes(r), total(sum));
  }
}
