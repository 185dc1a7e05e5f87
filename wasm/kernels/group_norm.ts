// Group normalization: Wu and He, Group Normalization (2018). Layer normalization (Ba, Kiros and Hinton 2016) is that of
// one group, instance normalization that of as many groups as channels. With sums over the n = pixels channels / groups
// elements of a group of one example:
//
// f32_group_norm             mean[b, g] = 1/n sum of x, inverse[b, g] = 1 / sqrt(1/n sum of (x - mean)^2 + epsilon)
//                            y = h scale[c] + offset[c], where h = (x - mean) inverse
// f32_group_norm_bwd         dx = inverse (d - 1/n sum of d - h 1/n sum of d h), where d = dy scale[c], through the
//                            statistics too
// f32_group_norm_bwd_affine  dscale[c] = sum over b and pixels of dy h, doffset[c] = sum over b and pixels of dy
//
// Shapes: x, y, dy, dx [batch, pixels, channels], where groups divide channels and have neighbours; mean, inverse
// [batch, groups], which the forward pass saves for the others; all else [channels]. y may be x where no backward pass
// follows, which reads x; dx may be dy or x, where the affine gradients have been computed before.
// Groups of examples are split over the parts or, for dscale and doffset, channels, and no sum is. Sums are in float64,
// and the variance is that of x less the group's first element, so that a group of one value has exactly 0 and
// cancellation never costs more than a factor of n.
// Errors: mean 1e-7 of |x|'s mean, inverse 1e-7 of itself, y 4e-7 of (|x| + |mean|) |a| + |offset| where
// a = scale inverse, dscale 4e-7 and doffset 1e-7 of the sum of |terms|, dx 8e-7 of inverse times its bracket's |terms|,
// each mean's as the mean of |terms|.
// deno-fmt-ignore-file: fmt drops @inline

import {
  addWide, begin, bytes, columnUnit, loadUpTo, madd, mask, narrow, storeUpTo, totalWide, wideHigh, wideLow,
} from "./lanes";

/** The mean of a group and one over its deviation: of `runs` runs of `size` floats that are `ld` bytes apart. */
@inline
function measure(p: usize, runs: i32, size: i32, ld: usize, epsilon: f32, mean: usize, inverse: usize): void {
  const first = v128.load32_splat(p), shift = wideLow(first), n = <f64> runs * size;
  let s = f64x2.splat(0), t = s, u = s, v = s;
  for (let i = 0; i < runs; i++) {
    for (let j = 0; j < size; j += 4) {
      const k = size - j;
      // What is beyond the run counts as the first element, which is 0 from itself.
      const x = k < 4 ? v128.bitselect(loadUpTo(p + bytes(j), k), first, mask(k)) : v128.load(p + bytes(j));
      const a = f64x2.sub(wideLow(x), shift), b = f64x2.sub(wideHigh(x), shift);
      s = f64x2.add(s, a);
      t = f64x2.add(t, b);
      u = f64x2.add(u, f64x2.mul(a, a));
      v = f64x2.add(v, f64x2.mul(b, b));
    }
    p += ld;
  }
  const distance = totalWide(f64x2.add(s, t)) / n;
  const variance = max<f64>(totalWide(f64x2.add(u, v)) / n - distance * distance, 0);
  f32.store(mean, <f32> (f64x2.extract_lane(shift, 0) + distance));
  f32.store(inverse, <f32> (1 / Math.sqrt(variance + epsilon)));
}

export function f32_group_norm(
  part: i32, parts: i32, x: usize, scale: usize, offset: usize, epsilon: f32, mean: usize, inverse: usize, y: usize,
  batch: i32, pixels: i32, channels: i32, groups: i32,
): void {
  const size = channels / groups, ld = bytes(channels), all = batch * groups;
  // A single group has no gaps between its pixels' channels: they are one run.
  const runs = groups == 1 ? 1 : pixels, run = groups == 1 ? pixels * size : size;
  for (let i = begin(all, 1, part, parts), end = begin(all, 1, part + 1, parts); i < end; i++) {
    const c = bytes(i % groups * size), at = ld * pixels * (i / groups) + c, o = bytes(i);
    let p = x + at, q = y + at;
    measure(p, runs, run, ld, epsilon, mean + o, inverse + o);
    const m = v128.load32_splat(mean + o), r = v128.load32_splat(inverse + o);
    for (let k = 0; k < pixels; k++) {
      for (let j = 0; j < size; j += 4) {
        const n = min(4, size - j), b = bytes(j), a = f32x4.mul(r, loadUpTo(scale + c + b, n));
        storeUpTo(q + b, madd(f32x4.sub(loadUpTo(p + b, n), m), a, loadUpTo(offset + c + b, n)), n);
      }
      p += ld;
      q += ld;
    }
  }
}

export function f32_group_norm_bwd(
  part: i32, parts: i32, dy: usize, x: usize, scale: usize, mean: usize, inverse: usize, dx: usize, batch: i32,
  pixels: i32, channels: i32, groups: i32,
): void {
  const size = channels / groups, ld = bytes(channels), all = batch * groups, count = <f64> pixels * size;
  for (let i = begin(all, 1, part, parts), end = begin(all, 1, part + 1, parts); i < end; i++) {
    const c = bytes(i % groups * size), at = ld * pixels * (i / groups) + c, o = bytes(i);
    const m = v128.load32_splat(mean + o), r = v128.load32_splat(inverse + o);
    let p = x + at, q = dy + at, s = f64x2.splat(0), t = s;
    for (let k = 0; k < pixels; k++) {
      for (let j = 0; j < size; j += 4) {
        // Lanes beyond the run are 0 in dy, and so in both sums.
        const n = min(4, size - j), b = bytes(j), d = f32x4.mul(loadUpTo(q + b, n), loadUpTo(scale + c + b, n));
        s = addWide(s, d);
        t = addWide(t, f32x4.mul(d, f32x4.mul(f32x4.sub(loadUpTo(p + b, n), m), r)));
      }
      p += ld;
      q += ld;
    }
    const first = f32x4.splat(<f32> (totalWide(s) / count)), second = f32x4.splat(<f32> (totalWide(t) / count));
    let to = dx + at;
    p = x + at;
    q = dy + at;
    for (let k = 0; k < pixels; k++) {
      for (let j = 0; j < size; j += 4) {
        const n = min(4, size - j), b = bytes(j), d = f32x4.mul(loadUpTo(q + b, n), loadUpTo(scale + c + b, n));
        const h = f32x4.mul(f32x4.sub(loadUpTo(p + b, n), m), r);
        storeUpTo(to + b, f32x4.mul(r, f32x4.sub(f32x4.sub(d, first), f32x4.mul(h, second))), n);
      }
      p += ld;
      q += ld;
      to += ld;
    }
  }
}

/** The statistics that `n` channels from `c` on go by. */
@inline
function statisticsOf(at: usize, c: i32, size: i32, n: i32): v128 {
  const g = c / size;
  let v = v128.load32_splat(at + bytes(g));
  if (n > 1 && (c + 1) / size != g) v = f32x4.replace_lane(v, 1, f32.load(at + bytes((c + 1) / size)));
  if (n > 2 && (c + 2) / size != g) v = f32x4.replace_lane(v, 2, f32.load(at + bytes((c + 2) / size)));
  if (n > 3 && (c + 3) / size != g) v = f32x4.replace_lane(v, 3, f32.load(at + bytes((c + 3) / size)));
  return v;
}

export function f32_group_norm_bwd_affine(
  part: i32, parts: i32, dy: usize, x: usize, mean: usize, inverse: usize, dscale: usize, doffset: usize, batch: i32,
  pixels: i32, channels: i32, groups: i32,
): void {
  const size = channels / groups, ld = bytes(channels), unit = columnUnit(channels, parts);
  const end = begin(channels, unit, part + 1, parts);
  for (let c = begin(channels, unit, part, parts); c < end; c += 4) {
    const n = min(4, end - c);
    let s0 = f64x2.splat(0), s1 = s0, t0 = s0, t1 = s0, p = x + bytes(c), q = dy + bytes(c);
    for (let b = 0; b < batch; b++) {
      const o = bytes(b) * groups;
      const m = statisticsOf(mean + o, c, size, n), r = statisticsOf(inverse + o, c, size, n);
      for (let k = 0; k < pixels; k++) {
        const d = loadUpTo(q, n), dh = f32x4.mul(d, f32x4.mul(f32x4.sub(loadUpTo(p, n), m), r));
        s0 = f64x2.add(s0, wideLow(d));
        s1 = f64x2.add(s1, wideHigh(d));
        t0 = f64x2.add(t0, wideLow(dh));
        t1 = f64x2.add(t1, wideHigh(dh));
        p += ld;
        q += ld;
      }
    }
    storeUpTo(doffset + bytes(c), narrow(s0, s1), n);
    storeUpTo(dscale + bytes(c), narrow(t0, t1), n);
  }
}
