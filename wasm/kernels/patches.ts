// What makes a convolution a product of matrices: the patches of images that a kernel is laid over, and their adjoint.
//
// f32_im2col   patches[b, oy, ox, ky, kx, c] = x[b, iy, ix, c], or 0 where that is outside of the image
// f32_col2im   x[b, iy, ix, c] = act((x[b, iy, ix, c]) + bias[c] + sum over ky, kx of patches[b, oy, ox, ky, kx, c])
//
//   iy = oy strideHeight - top + ky dilationHeight,   ix = ox strideWidth - left + kx dilationWidth
//
// Shapes: x [batch, height, width, channels], patches [batch, outHeight, outWidth, kernelHeight, kernelWidth, channels],
// bias [channels] or none (0). Padding is not negative, all else positive. `flags`: 1 adds to what x holds, 2 is ReLU.
// Any outHeight and outWidth will do: patches may leave the image on all sides, and need not cover it.
// Aliasing: none. Errors: none in im2col; in col2im 2^-24 n sum |terms|, where n counts the terms, x and bias too.
// The terms are added in their order, x, bias, then by ky and kx: an element gathers what belongs to it, so patches are
// split over the parts in im2col and pixels in col2im, and no sum is.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes } from "./lanes";

const ACCUMULATE: i32 = 1, RELU: i32 = 2;

export function f32_im2col(
  part: i32, parts: i32, x: usize, patches: usize, batch: i32, height: i32, width: i32, channels: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
  outHeight: i32, outWidth: i32, dilationHeight: i32, dilationWidth: i32,
): void {
  const rows = batch * outHeight * outWidth;
  let r = begin(rows, 1, part, parts);
  const end = begin(rows, 1, part + 1, parts);
  if (r >= end) return;

  const line = kernelWidth * channels, pixel = bytes(channels), imageBytes = pixel * height * width;
  let to = patches + bytes(r) * kernelHeight * line;
  let ox = r % outWidth, oy = r / outWidth % outHeight, image = x + imageBytes * (r / outWidth / outHeight);
  for (; r < end; r++) {
    // Of each row of the patch, floats from `first` to `last` lie in the image.
    const ix = ox * strideWidth - left;
    const kx = taps(-ix, dilationWidth, kernelWidth), kxEnd = taps(width - ix, dilationWidth, kernelWidth);
    const first = kx * channels, last = kxEnd * channels;
    let iy = oy * strideHeight - top;
    for (let ky = 0; ky < kernelHeight; ky++) {
      if (iy < 0 || iy >= height || first == last) clear(to, line);
      else {
        let from = image + pixel * (iy * width + ix + kx * dilationWidth);
        clear(to, first);
        if (dilationWidth == 1) copy(from, to + bytes(first), last - first);
        else {
          for (let f = first; f < last; f += channels) {
            copy(from, to + bytes(f), channels);
            from += pixel * dilationWidth;
          }
        }
        clear(to + bytes(last), line - last);
      }
      to += bytes(line);
      iy += dilationHeight;
    }
    if (++ox == outWidth) {
      ox = 0;
      if (++oy == outHeight) {
        oy = 0;
        image += imageBytes;
      }
    }
  }
}

/** How many of `n` taps, `dilation` apart, come before a distance. */
@inline
function taps(distance: i32, dilation: i32, n: i32): i32 {
  if (distance <= 0) return 0;
  return min(n, dilation == 1 ? distance : (distance + dilation - 1) / dilation);
}

@inline
function clear(to: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(to, f32x4.splat(0));
    to += 16;
  }
  for (; n > 0; n--) {
    f32.store(to, 0);
    to += 4;
  }
}

@inline
function copy(from: usize, to: usize, n: i32): void {
  for (; n >= 16; n -= 16) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += 64;
    to += 64;
  }
  for (; n >= 4; n -= 4) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  for (; n > 0; n--) {
    f32.store(to, f32.load(from));
    from += 4;
    to += 4;
  }
}

export function f32_col2im(
  part: i32, parts: i32, patches: usize, x: usize, bias: usize, flags: i32,
  batch: i32, height: i32, width: i32, channels: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
  outHeight: i32, outWidth: i32, dilationHeight: i32, dilationWidth: i32,
): void {
  const pixels = batch * height * width, end = begin(pixels, 16, part + 1, parts);
  let p = begin(pixels, 16, part, parts);
  if (p >= end) return;

  // Of the taps that reach a pixel, the next is k taps on in the kernel, in the patch that is o patches back.
  const gcdY = gcd(strideHeight, dilationHeight), kY = strideHeight / gcdY, oY = dilationHeight / gcdY;
  const gcdX = gcd(strideWidth, dilationWidth), kX = strideWidth / gcdX, oX = dilationWidth / gcdX;
  const pixel = bytes(channels), line = pixel * kernelWidth, patch = line * kernelHeight;
  const stepY = line * kY - patch * outWidth * oY, stepX = pixel * kX - patch * oX; // modulo 2^32

  let ix = p % width, iy = p / width % height, b = p / width / height, to = x + pixel * p;
  while (p < end) {
    let ky = tap(iy + top, strideHeight, dilationHeight, kernelHeight);
    let oy = (iy + top - ky * dilationHeight) / strideHeight;
    for (; oy >= outHeight; oy -= oY) ky += kY;
    const row = patches + patch * ((b * outHeight + oy) * outWidth) + line * ky;
    let ny = 0;
    for (; ky < kernelHeight && oy >= 0; oy -= oY, ky += kY) ny++;

    // With dilation 1 the first tap and its patch are the remainder and the quotient of the place by the stride.
    let phase = (ix + left) % strideWidth, quotient = (ix + left) / strideWidth;
    for (const rowEnd = min(end, p + width - ix); p < rowEnd; p++) {
      let kx = phase, ox = quotient;
      if (dilationWidth != 1) {
        kx = tap(ix + left, strideWidth, dilationWidth, kernelWidth);
        ox = (ix + left - kx * dilationWidth) / strideWidth;
      }
      for (; ox >= outWidth; ox -= oX) kx += kX;
      const from = row + patch * ox + pixel * kx;
      let nx = 0;
      for (; kx < kernelWidth && ox >= 0; ox -= oX, kx += kX) nx++;
      gather(from, ny, stepY, nx, stepX, to, bias, flags, channels);
      to += pixel;
      ix++;
      if (++phase == strideWidth) {
        phase = 0;
        quotient++;
      }
    }
    ix = 0;
    if (++iy == height) {
      iy = 0;
      b++;
    }
  }
}

function gcd(a: i32, b: i32): i32 {
  while (b) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** The first tap k with `place` - k dilation a multiple of the stride, or one past the last. */
@inline
function tap(place: i32, stride: i32, dilation: i32, n: i32): i32 {
  if (dilation == 1) return place % stride;
  let k = 0;
  while (k < n && (place - k * dilation) % stride != 0) k++;
  return k;
}

/** One pixel: the sum of ny times nx pixels, that many bytes apart. */
@inline
export function gather(
  from: usize, ny: i32, stepY: usize, nx: i32, stepX: usize, to: usize, bias: usize, flags: i32, channels: i32,
): void {
  const next: usize = bias ? 16 : 0;
  let n = channels;
  for (; n >= 16; n -= 16) {
    let s0 = start(to, bias, flags), s1 = start(to + 16, bias + next, flags);
    let s2 = start(to + 32, bias + 2 * next, flags), s3 = start(to + 48, bias + 3 * next, flags);
    let line = from;
    for (let i = 0; i < ny; i++) {
      let at = line;
      for (let j = 0; j < nx; j++) {
        s0 = f32x4.add(s0, v128.load(at));
        s1 = f32x4.add(s1, v128.load(at, 16));
        s2 = f32x4.add(s2, v128.load(at, 32));
        s3 = f32x4.add(s3, v128.load(at, 48));
        at += stepX;
      }
      line += stepY;
    }
    finish(to, s0, flags);
    finish(to + 16, s1, flags);
    finish(to + 32, s2, flags);
    finish(to + 48, s3, flags);
    from += 64;
    to += 64;
    bias += 4 * next;
  }
  for (; n >= 4; n -= 4) {
    let sum = start(to, bias, flags), line = from;
    for (let i = 0; i < ny; i++) {
      let at = line;
      for (let j = 0; j < nx; j++) {
        sum = f32x4.add(sum, v128.load(at));
        at += stepX;
      }
      line += stepY;
    }
    finish(to, sum, flags);
    from += 16;
    to += 16;
    bias += next;
  }
  for (; n > 0; n--) {
    let sum: f32 = flags & ACCUMULATE ? f32.load(to) : 0, line = from;
    if (bias) sum += f32.load(bias);
    for (let i = 0; i < ny; i++) {
      let at = line;
      for (let j = 0; j < nx; j++) {
        sum += f32.load(at);
        at += stepX;
      }
      line += stepY;
    }
    f32.store(to, flags & RELU ? max<f32>(sum, 0) : sum);
    from += 4;
    to += 4;
    bias += next >> 2;
  }
}

@inline
function start(to: usize, bias: usize, flags: i32): v128 {
  let sum = flags & ACCUMULATE ? v128.load(to) : f32x4.splat(0);
  if (bias) sum = f32x4.add(sum, v128.load(bias));
  return sum;
}

@inline
function finish(to: usize, sum: v128, flags: i32): void {
  v128.store(to, flags & RELU ? f32x4.max(sum, f32x4.splat(0)) : sum);
}
