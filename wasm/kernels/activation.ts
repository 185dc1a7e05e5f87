// f32_activation: y = f(x), element by element, y may be x.
// f32_activation_bwd: dy *= f'(saved) in place, and dbias[j] = sum over rows of the new dy[., j].
//
// Kinds: 0 identity, 1 relu, 2 tanh, 3 sigmoid, 4 elu (alpha 1), 5 gelu (x times the normal distribution function).
// saved [rows, columns] is f's output, but for gelu its input; for identity it is not read and may be 0.
// Errors: f 4e-7 of max(1, |f|), 0 for identity and relu; the new dy 5e-7 of the given |dy|, 0 likewise; dbias that of
// its terms and 2^-24 rows sum |dy|. Columns are split over the parts, so no sum is.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail, madd, storeTail } from "./lanes";
import { exp, expm1, normalCdf, sigmoid, tanh } from "./math";

const IDENTITY: i32 = 0, RELU: i32 = 1, TANH: i32 = 2, SIGMOID: i32 = 3, ELU: i32 = 4, GELU: i32 = 5;

@inline
function gauss(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

@inline
function value(kind: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  if (kind == RELU) return f32x4.max(x, zero);
  if (kind == TANH) return tanh(x);
  if (kind == SIGMOID) return sigmoid(x);
  if (kind == ELU) return v128.bitselect(x, expm1(x), f32x4.gt(x, zero));
  if (kind == GELU) return f32x4.mul(x, normalCdf(x, gauss(x)));
  return x;
}

/** dy times the derivative. */
@inline
function slope(kind: i32, dy: v128, saved: v128): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  if (kind == RELU) return v128.and(dy, f32x4.gt(saved, zero));
  if (kind == TANH) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(saved, saved)));
  if (kind == SIGMOID) return f32x4.mul(dy, f32x4.mul(saved, f32x4.sub(one, saved)));
  if (kind == ELU) return f32x4.mul(dy, v128.bitselect(one, f32x4.add(saved, one), f32x4.gt(saved, zero)));
  if (kind == GELU) {
    const g = gauss(saved);
    return f32x4.mul(dy, madd(f32x4.mul(saved, g), f32x4.splat(0.39894228), normalCdf(saved, g)));
  }
  return dy;
}

export function f32_activation(part: i32, parts: i32, kind: i32, x: usize, y: usize, n: i32): void {
  const i0 = begin(n, 16, part, parts), i1 = begin(n, 16, part + 1, parts);
  if (kind == RELU) forward(RELU, x, y, i0, i1);
  else if (kind == TANH) forward(TANH, x, y, i0, i1);
  else if (kind == SIGMOID) forward(SIGMOID, x, y, i0, i1);
  else if (kind == ELU) forward(ELU, x, y, i0, i1);
  else if (kind == GELU) forward(GELU, x, y, i0, i1);
  else forward(IDENTITY, x, y, i0, i1);
}

@inline
function forward(kind: i32, x: usize, y: usize, i0: i32, i1: i32): void {
  let i = i0;
  for (; i <= i1 - 4; i += 4) v128.store(y + bytes(i), value(kind, v128.load(x + bytes(i))));
  if (i < i1) storeTail(y + bytes(i), value(kind, loadTail(x + bytes(i), i1 - i)), i1 - i);
}

export function f32_activation_bwd(
  part: i32, parts: i32, kind: i32, dy: usize, saved: usize, dbias: usize, rows: i32, columns: i32,
): void {
  const j0 = begin(columns, 16, part, parts), j1 = begin(columns, 16, part + 1, parts);
  if (kind == RELU) backward(RELU, dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == TANH) backward(TANH, dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == SIGMOID) backward(SIGMOID, dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == ELU) backward(ELU, dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == GELU) backward(GELU, dy, saved, dbias, rows, columns, j0, j1);
  else backward(IDENTITY, dy, saved, dbias, rows, columns, j0, j1);
}

@inline
function backward(
  kind: i32, dy: usize, saved: usize, dbias: usize, rows: i32, columns: i32, j0: i32, j1: i32,
): void {
  const ld = bytes(columns);
  let j = j0;
  for (; j <= j1 - 4; j += 4) {
    let sum = f32x4.splat(0), p = dy + bytes(j), s = saved + bytes(j);
    for (let r = 0; r < rows; r++) {
      let d = v128.load(p);
      if (kind != IDENTITY) {
        d = slope(kind, d, v128.load(s));
        v128.store(p, d);
      }
      sum = f32x4.add(sum, d);
      p += ld;
      s += ld;
    }
    v128.store(dbias + bytes(j), sum);
  }
  if (j < j1) {
    const n = j1 - j;
    let sum = f32x4.splat(0), p = dy + bytes(j), s = saved + bytes(j);
    for (let r = 0; r < rows; r++) {
      let d = loadTail(p, n);
      if (kind != IDENTITY) {
        d = slope(kind, d, loadTail(s, n));
        storeTail(p, d, n);
      }
      sum = f32x4.add(sum, d);
      p += ld;
      s += ld;
    }
    storeTail(dbias + bytes(j), sum, n);
  }
}
