import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, type Numbers, ULP, uniform } from "./entry.ts";

/** Flags of f32_col2im: add to what x holds; ReLU. */
const ACCUMULATE = 1, RELU = 2;

const image = ({ batch, height, width, channels }: Numbers) => batch * height * width * channels;
const patch = ({ kernelHeight, kernelWidth, channels }: Numbers) => kernelHeight * kernelWidth * channels;
const patches = (size: Numbers) => size.batch * size.outHeight * size.outWidth * patch(size);

/** The kernels' last arguments. */
const geometry = (size: Numbers) =>
  [
    ...[size.batch, size.height, size.width, size.channels, size.kernelHeight, size.kernelWidth] as const,
    ...[size.strideHeight, size.strideWidth, size.top, size.left, size.outHeight, size.outWidth] as const,
    ...[size.dilationHeight, size.dilationWidth] as const,
  ] as const;

/** Calls `body` for each element of the patches, in order, with the index of the element of x it is of, or -1. */
function eachElement(size: Numbers, body: (at: number, from: number) => void): void {
  const { batch, height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth } = size;
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++) {
            const iy = oy * size.strideHeight - size.top + ky * size.dilationHeight;
            const ix = ox * size.strideWidth - size.left + kx * size.dilationWidth;
            const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            for (let c = 0; c < channels; c++) {
              body(at++, inside ? ((b * height + iy) * width + ix) * channels + c : -1);
            }
          }
        }
      }
    }
  }
}

/** Images, kernels, strides, dilations and padding of all kinds: a fixed sample. */
function cases(): Numbers[] {
  const random = generator(17);
  const pick = (...from: number[]) => from[Math.floor(from.length * random())];
  const axis = () => {
    const kernel = pick(1, 2, 3, 4, 5), stride = pick(1, 1, 2, 2, 3, 6), dilation = pick(1, 1, 1, 2, 3);
    const before = pick(0, 0, 1, 2, 3), after = pick(0, 1, 3), reach = (kernel - 1) * dilation + 1;
    const length = Math.max(pick(1, 2, 3, 5, 7, 8, 13, 17), reach - before - after);
    return {
      length,
      kernel,
      stride,
      before,
      out: Math.floor((length + before + after - reach) / stride) + 1,
      dilation,
    };
  };
  const sample = Array.from({ length: 120 }, (_, i) => {
    const channels = [1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 20, 33][i % 13];
    return window(pick(1, 2, 3), channels, axis(), axis());
  });
  const halvings = [7, 8, 28].flatMap((n) => [1, 3, 4, 32].map((channels) => halving(2, n, channels)));
  return [...sample, ...halvings, ...sames()];
}

/** "Same" padding: signals with every stride and dilation, and images of odd sizes with even and odd kernels. */
function sames(): Numbers[] {
  const axis = (length: number, kernel: number, stride: number, dilation: number): Axis => {
    const out = Math.ceil(length / stride), lost = (out - 1) * stride + (kernel - 1) * dilation + 1 - length;
    return { length, kernel, stride, before: Math.max(0, lost) >> 1, out, dilation };
  };
  const signals = [1, 2, 3, 4, 6].flatMap((stride) =>
    [1, 2, 4].map((dilation) => window(2, 3 + stride, axis(1, 1, 1, 1), axis(13, 3, stride, dilation)))
  );
  const images = [2, 3, 4, 5].flatMap((kernel) =>
    [1, 2, 3].map((stride) => window(2, 5, axis(7, kernel, stride, 1), axis(9, 6 - kernel, 1, stride)))
  );
  return [...signals, ...images];
}

type Axis = { length: number; kernel: number; stride: number; before: number; out: number; dilation: number };

function window(batch: number, channels: number, y: Axis, x: Axis): Numbers {
  return {
    batch,
    height: y.length,
    width: x.length,
    channels,
    kernelHeight: y.kernel,
    kernelWidth: x.kernel,
    strideHeight: y.stride,
    strideWidth: x.stride,
    top: y.before,
    left: x.before,
    outHeight: y.out,
    outWidth: x.out,
    dilationHeight: y.dilation,
    dilationWidth: x.dilation,
  };
}

/** 4 x 4 with stride 2 and padding 1, of square images. */
function halving(batch: number, length: number, channels: number): Numbers {
  const axis = { length, kernel: 4, stride: 2, before: 1, out: length >> 1, dilation: 1 };
  return window(batch, channels, axis, axis);
}

const SIZES = cases(), BENCH = BATCHES.flatMap((batch) => [halving(batch, 28, 1), halving(batch, 14, 32)]);

/** patches[b, oy, ox, ky, kx, c] = x[b, iy, ix, c] or 0 */
export const f32_im2col = define({
  kernel: kernels.f32_im2col,
  domain: "x in [-1, 1]",
  inputs: (size) => ({ x: uniform(image(size), -1, 1, image(size)) }),
  outputs: (size) => ({ patches: new Float32Array(patches(size)) }),
  args: (at, size) => [at.x, at.patches, ...geometry(size)],
  reference({ x }, size) {
    const value = new Float32Array(patches(size));
    eachElement(size, (at, from) => value[at] = from < 0 ? 0 : x[from]);
    return { patches: { value } };
  },
  tolerance: {},
  sizes: SIZES,
  bench: BENCH,
  work: (size) => ({ bytes: 4 * (image(size) + patches(size)) }),
});

/** x[b, iy, ix, c] = act(x[b, iy, ix, c] + bias[c] + sum of the patches' elements that are of it) */
export const f32_col2im = define({
  kernel: kernels.f32_col2im,
  domain: "all in [-1, 1]",
  inputs: (size) => ({
    patches: uniform(patches(size), -1, 1, patches(size)),
    ...size.bias ? { bias: uniform(size.channels, -1, 1, size.channels) } : {},
    ...size.flags & ACCUMULATE ? { x: uniform(image(size), -1, 1, image(size)) } : {},
  }),
  outputs: (size) => ({ x: new Float32Array(image(size)) }),
  args: (at, size) => [at.patches, at.x, at.bias ?? 0, size.flags, ...geometry(size)],
  reference({ patches, bias, x }, size) {
    const n = image(size), value = new Float64Array(n), sum = new Float64Array(n), count = new Float64Array(n);
    const add = (i: number, term: number) => {
      value[i] += term;
      sum[i] += Math.abs(term);
      count[i]++;
    };
    for (let i = 0; i < n; i++) {
      if (x) add(i, x[i]);
      if (bias) add(i, bias[i % size.channels]);
    }
    eachElement(size, (at, from) => from >= 0 && add(from, patches[at]));
    if (size.flags & RELU) value.forEach((v, i) => value[i] = Math.max(v, 0));
    return { x: { value, scale: sum.map((size, i) => size * count[i]) } };
  },
  tolerance: { x: ULP },
  sizes: SIZES.map((size, i): Numbers => ({ ...size, bias: i & 1, flags: i >> 1 & 3 })),
  bench: BENCH.map((size): Numbers => ({ ...size, bias: 1, flags: RELU })),
  work: (size) => ({ bytes: 4 * (image(size) + patches(size)) }),
});
