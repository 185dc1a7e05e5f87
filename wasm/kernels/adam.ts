// f32_adam: one step of Adam over n parameters in one pass. Kingma and Ba, Adam (2015), algorithm 1, in the order that
// its section 2 recommends, with epsilon outside the root of the corrected moment as PyTorch and optax have it; the
// gradient is scaled first (clipping), and decay is decoupled from it (Loshchilov and Hutter, Decoupled Weight Decay
// Regularization, 2019, algorithm 2).
//
//   g = factor grads        mu' = b1 mu + (1 - b1) g        nu' = b2 nu + (1 - b2) g^2
//   params' = params - (rate mu' / (sqrt(nu' correction) + eps) + decay params)
//
// rate = lr / (1 - b1^t), correction = 1 / (1 - b2^t), decay = lr times the weight decay; a1 = 1 - b1 and a2 = 1 - b2,
// rounded from float64. The decay is subtracted, since 1 - decay in float32 would be off by up to 2^-25 / decay of it.
// Factor 1 and decay 0 change no bit of finite numbers.
// All [n]; an output may be the input of its name, and must not overlap any other. Elements are split over the parts.
// Errors in units of 2^-24, with s = |b1 mu| + |a1 g|: 3 s for mu', 5 nu' for nu' (2 and 3 where factor is 1), for params'
// |params'| + 12 u + 3 |decay params|, where u is what the update would be for mu' = s.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail, storeTail } from "./lanes";

export function f32_adam(
  part: i32, parts: i32, params: usize, grads: usize, mu: usize, nu: usize,
  newParams: usize, newMu: usize, newNu: usize, n: i32,
  rate: f32, correction: f32, b1: f32, a1: f32, b2: f32, a2: f32, eps: f32, factor: f32, decay: f32,
): void {
  const vb1 = f32x4.splat(b1), va1 = f32x4.splat(a1), vb2 = f32x4.splat(b2), va2 = f32x4.splat(a2);
  const vrate = f32x4.splat(rate), vcorrection = f32x4.splat(correction), veps = f32x4.splat(eps);
  const vfactor = f32x4.splat(factor), vdecay = f32x4.splat(decay);
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i), g = f32x4.mul(vfactor, v128.load(grads + o));
    const m = f32x4.add(f32x4.mul(vb1, v128.load(mu + o)), f32x4.mul(va1, g));
    const v = f32x4.add(f32x4.mul(vb2, v128.load(nu + o)), f32x4.mul(va2, f32x4.mul(g, g)));
    v128.store(newMu + o, m);
    v128.store(newNu + o, v);
    v128.store(newParams + o, descend(v128.load(params + o), m, v, vrate, vcorrection, veps, vdecay));
  }
  if (i < end) {
    const o = bytes(i), k = end - i, g = f32x4.mul(vfactor, loadTail(grads + o, k));
    const m = f32x4.add(f32x4.mul(vb1, loadTail(mu + o, k)), f32x4.mul(va1, g));
    const v = f32x4.add(f32x4.mul(vb2, loadTail(nu + o, k)), f32x4.mul(va2, f32x4.mul(g, g)));
    storeTail(newMu + o, m, k);
    storeTail(newNu + o, v, k);
    storeTail(newParams + o, descend(loadTail(params + o, k), m, v, vrate, vcorrection, veps, vdecay), k);
  }
}

@inline
function descend(p: v128, m: v128, v: v128, rate: v128, correction: v128, eps: v128, decay: v128): v128 {
  const update = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), eps));
  return f32x4.sub(p, f32x4.add(update, f32x4.mul(decay, p)));
}
