import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, type Numbers, ULP, uniform } from "./entry.ts";

const small = ({ batch, height, width, channels }: Numbers) => batch * height * width * channels;
const large = (size: Numbers) => small(size) * size.factorHeight * size.factorWidth;

/** The kernels' last arguments. */
const geometry = (size: Numbers) =>
  [
    ...[size.batch, size.height, size.width, size.channels] as const,
    ...[size.factorHeight, size.factorWidth] as const,
  ] as const;

/** The index of the element of x that element i of y is a copy of. */
function source({ height, width, channels, factorHeight, factorWidth }: Numbers, i: number): number {
  const c = i % channels, pixel = (i - c) / channels, ox = pixel % (width * factorWidth);
  const row = (pixel - ox) / (width * factorWidth), oy = row % (height * factorHeight);
  const b = (row - oy) / (height * factorHeight);
  const iy = Math.floor(oy / factorHeight), ix = Math.floor(ox / factorWidth);
  return ((b * height + iy) * width + ix) * channels + c;
}

/** Images and factors of all kinds: a fixed sample, then squares, and signals of height 1. */
function cases(): Numbers[] {
  const random = generator(23), pick = (...from: number[]) => from[Math.floor(from.length * random())];
  return [1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 20, 33, 64, 67].flatMap((channels) => [
    {
      ...{ batch: pick(1, 2), height: pick(1, 2, 3, 5), width: pick(1, 2, 3, 7), channels },
      ...{ factorHeight: pick(1, 2, 3), factorWidth: pick(1, 2, 4) },
    },
    { batch: 2, height: 7, width: 7, channels, factorHeight: 2, factorWidth: 2 },
    { batch: pick(1, 3), height: 1, width: pick(5, 16, 31), channels, factorHeight: 1, factorWidth: pick(2, 3) },
  ]);
}

const SHAPES = {
  sizes: cases(),
  bench: BATCHES.flatMap((batch) => [
    { batch, height: 7, width: 7, channels: 64, factorHeight: 2, factorWidth: 2 },
    { batch, height: 14, width: 14, channels: 32, factorHeight: 2, factorWidth: 2 },
  ]),
  work: (size: Numbers) => ({ bytes: 4 * (small(size) + large(size)) }),
};

/** y[b, oy, ox, c] = x[b, floor(oy / factorHeight), floor(ox / factorWidth), c] */
export const f32_upsample = define({
  kernel: kernels.f32_upsample,
  domain: "x in [-1, 1]",
  inputs: (size) => ({ x: uniform(small(size), -1, 1, small(size)) }),
  outputs: (size) => ({ y: new Float32Array(large(size)) }),
  args: (at, size) => [at.x, at.y, ...geometry(size)],
  reference({ x }, size) {
    return { y: { value: Float32Array.from({ length: large(size) }, (_, i) => x[source(size, i)]) } };
  },
  tolerance: {},
  ...SHAPES,
});

/** dx = the sum of the elements of dy that are copies of x's */
export const f32_upsample_bwd = define({
  kernel: kernels.f32_upsample_bwd,
  domain: "dy in [-1, 1]",
  inputs: (size) => ({ dy: uniform(large(size), -1, 1, large(size)) }),
  outputs: (size) => ({ dx: new Float32Array(small(size)) }),
  args: (at, size) => [at.dy, at.dx, ...geometry(size)],
  reference({ dy }, size) {
    const value = new Float64Array(small(size)), scale = new Float64Array(small(size));
    for (let i = 0; i < large(size); i++) {
      const from = source(size, i);
      value[from] += dy[i];
      scale[from] += Math.abs(dy[i]) * size.factorHeight * size.factorWidth;
    }
    return { dx: { value, scale } };
  },
  tolerance: { dx: ULP },
  ...SHAPES,
});
