// f32_activation: y = f(x), element by element, y may be x.
// f32_activation_bwd: dy *= f'(saved) in place, and dbias[j] = sum over rows of the new dy[., j].
//
// Kinds: 0 identity, 1 relu, 2 tanh, 3 sigmoid, 4 elu (alpha 1), 5 gelu (x times the normal distribution function),
// 6 leaky relu (x > 0 ? x : 0.2 x), 7 silu (x sigmoid(x)).
// saved [rows, columns] is f's output, but its input for gelu and silu, which are not monotone: an output does not say
// which of two inputs it came from. For identity it is not read and may be 0.
// Errors: f 4e-7 of max(1, |f|), 0 for identity and relu; the new dy 5e-7 of the given |dy|, 0 likewise; dbias that of
// its terms and 2^-24 rows sum |dy|. Columns are split over the parts, so no sum is.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail, madd, storeTail } from "./lanes";
import { exp, expm1, normalCdf, sigmoid, sigmoidSlope, tanh } from "./math";

/**
 * The kinds as types, since a type's number is known when AssemblyScript compiles, and an inlined parameter is not: each
 * loop has the code of its own kind, where a number would have that of all.
 */
class Identity {}
class Relu {}
class Tanh {}
class Sigmoid {}
class Elu {}
class Gelu {}
class LeakyRelu {}
class Silu {}

/** The slope of the leaky relu below 0. */
@inline
const LEAK: f32 = 0.2;

@inline
function gauss(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

@inline
function value<K>(x: v128): v128 {
  const zero = f32x4.splat(0);
  if (idof<K>() == idof<Relu>()) return f32x4.max(x, zero);
  if (idof<K>() == idof<Tanh>()) return tanh(x);
  if (idof<K>() == idof<Sigmoid>()) return sigmoid(x);
  if (idof<K>() == idof<Elu>()) return v128.bitselect(x, expm1(x), f32x4.gt(x, zero));
  if (idof<K>() == idof<Gelu>()) return f32x4.mul(x, normalCdf(x, gauss(x)));
  if (idof<K>() == idof<LeakyRelu>()) return f32x4.max(x, f32x4.mul(x, f32x4.splat(LEAK)));
  // The sigmoid saturates at e^-87.34 in place of 0, which a large negative x must not multiply.
  if (idof<K>() == idof<Silu>()) return f32x4.mul(f32x4.max(x, f32x4.splat(-88)), sigmoid(x));
  return x;
}

/** dy times the derivative. */
@inline
function slope<K>(dy: v128, saved: v128): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  if (idof<K>() == idof<Relu>()) return v128.and(dy, f32x4.gt(saved, zero));
  if (idof<K>() == idof<Tanh>()) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(saved, saved)));
  if (idof<K>() == idof<Sigmoid>()) return f32x4.mul(dy, f32x4.mul(saved, f32x4.sub(one, saved)));
  if (idof<K>() == idof<Elu>()) return f32x4.mul(dy, v128.bitselect(one, f32x4.add(saved, one), f32x4.gt(saved, zero)));
  if (idof<K>() == idof<Gelu>()) {
    const g = gauss(saved);
    return f32x4.mul(dy, madd(f32x4.mul(saved, g), f32x4.splat(0.39894228), normalCdf(saved, g)));
  }
  if (idof<K>() == idof<LeakyRelu>()) {
    return f32x4.mul(dy, v128.bitselect(one, f32x4.splat(LEAK), f32x4.gt(saved, zero)));
  }
  if (idof<K>() == idof<Silu>()) {
    // s + x s (1 - s), where x is held for the reason above, at both ends.
    const x = f32x4.min(f32x4.max(saved, f32x4.splat(-88)), f32x4.splat(88));
    return f32x4.mul(dy, madd(x, sigmoidSlope(saved), sigmoid(saved)));
  }
  return dy;
}

export function f32_activation(part: i32, parts: i32, kind: i32, x: usize, y: usize, n: i32): void {
  const i0 = begin(n, 16, part, parts), i1 = begin(n, 16, part + 1, parts);
  if (kind == 1) forward<Relu>(x, y, i0, i1);
  else if (kind == 2) forward<Tanh>(x, y, i0, i1);
  else if (kind == 3) forward<Sigmoid>(x, y, i0, i1);
  else if (kind == 4) forward<Elu>(x, y, i0, i1);
  else if (kind == 5) forward<Gelu>(x, y, i0, i1);
  else if (kind == 6) forward<LeakyRelu>(x, y, i0, i1);
  else if (kind == 7) forward<Silu>(x, y, i0, i1);
  else forward<Identity>(x, y, i0, i1);
}

@inline
function forward<K>(x: usize, y: usize, i0: i32, i1: i32): void {
  let i = i0;
  for (; i <= i1 - 4; i += 4) v128.store(y + bytes(i), value<K>(v128.load(x + bytes(i))));
  if (i < i1) storeTail(y + bytes(i), value<K>(loadTail(x + bytes(i), i1 - i)), i1 - i);
}

export function f32_activation_bwd(
  part: i32, parts: i32, kind: i32, dy: usize, saved: usize, dbias: usize, rows: i32, columns: i32,
): void {
  const j0 = begin(columns, 16, part, parts), j1 = begin(columns, 16, part + 1, parts);
  if (kind == 1) backward<Relu>(dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == 2) backward<Tanh>(dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == 3) backward<Sigmoid>(dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == 4) backward<Elu>(dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == 5) backward<Gelu>(dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == 6) backward<LeakyRelu>(dy, saved, dbias, rows, columns, j0, j1);
  else if (kind == 7) backward<Silu>(dy, saved, dbias, rows, columns, j0, j1);
  else backward<Identity>(dy, saved, dbias, rows, columns, j0, j1);
}

@inline
function backward<K>(
  dy: usize, saved: usize, dbias: usize, rows: i32, columns: i32, j0: i32, j1: i32,
): void {
  const ld = bytes(columns);
  let j = j0;
  for (; j <= j1 - 4; j += 4) {
    let sum = f32x4.splat(0), p = dy + bytes(j), s = saved + bytes(j);
    for (let r = 0; r < rows; r++) {
      let d = v128.load(p);
      if (idof<K>() != idof<Identity>()) {
        d = slope<K>(d, v128.load(s));
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
      if (idof<K>() != idof<Identity>()) {
        d = slope<K>(d, loadTail(s, n));
        storeTail(p, d, n);
      }
      sum = f32x4.add(sum, d);
      p += ld;
      s += ld;
    }
    storeTail(dbias + bytes(j), sum, n);
  }
}
