import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, type Numbers, uniform, type Values } from "./entry.ts";

const EPSILON = Math.fround(1e-5);

const elements = ({ batch, pixels, channels }: Numbers) => batch * pixels * channels;

/** The group of an example that element i belongs to: its index in [batch, groups]. */
function groupOf({ pixels, channels, groups }: Numbers, i: number): number {
  const b = Math.floor(i / (pixels * channels));
  return b * groups + Math.floor(i % channels / (channels / groups));
}

/** Activations whose groups differ in mean and spread: around 0, far from it, one value throughout, one element apart. */
function groupsOf(size: Numbers): Float32Array<ArrayBuffer> {
  const random = generator(elements(size)), seen = new Set<number>();
  return Float32Array.from({ length: elements(size) }, (_, i) => {
    const draw = 2 * random() - 1, group = groupOf(size, i), first = !seen.has(group);
    seen.add(group);
    return [3 * draw, 100 + draw / 100, -7.3, (first ? 1000 : 1) + draw, 1e-3 * draw][group % 5];
  });
}

/** Per group of an example: the mean of f over its elements. */
function means(size: Numbers, f: (i: number) => number): Float64Array {
  const sums = new Float64Array(size.batch * size.groups), n = elements(size) / sums.length;
  for (let i = 0; i < elements(size); i++) sums[groupOf(size, i)] += f(i);
  return sums.map((sum) => sum / n);
}

/** Mean and 1 / sqrt(variance + epsilon) of each group of an example. */
function statistics(x: Values, size: Numbers): { mean: Float64Array; inverse: Float64Array } {
  const mean = means(size, (i) => x[i]), variance = means(size, (i) => (x[i] - mean[groupOf(size, i)]) ** 2);
  return { mean, inverse: variance.map((v) => 1 / Math.sqrt(v + EPSILON)) };
}

function affine({ channels }: Numbers) {
  return { scale: uniform(channels, -2, 2, 11 * channels), offset: uniform(channels, -1, 1, 13 * channels) };
}

/** What both kernels of the backward pass get. */
function backwardInputs(size: Numbers) {
  const x = groupsOf(size), { mean, inverse } = statistics(x, size);
  const dy = uniform(elements(size), -1, 1, 3 * elements(size));
  return { dy, x, mean: Float32Array.from(mean), inverse: Float32Array.from(inverse) };
}

const absolute = (values: Float64Array) => values.map(Math.abs);

const DOMAIN =
  "groups of x: in [-3, 3], 100 +- 0.01, -7.3, 1 +- 1 with a first element of 1000 +- 1, within 0.001 of 0";

/** Channels of a group around the four lanes, alone and beside others; vectors, which are images of one pixel. */
const SIZES: readonly Numbers[] = [1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 31, 33, 64].flatMap((width, i) => [
  { batch: [1, 3, 8][i % 3], pixels: [1, 7, 49][i % 3], channels: width, groups: 1 },
  { batch: [5, 2, 1][i % 3], pixels: [4, 1, 30][i % 3], channels: 2 * width, groups: 2 },
  { batch: 2, pixels: [9, 16, 3][i % 3], channels: 5 * width, groups: 5 },
]);

const SHAPES = {
  sizes: [...SIZES, { batch: 3, pixels: 784, channels: 12, groups: 3 }, {
    batch: 33,
    pixels: 1,
    channels: 400,
    groups: 1,
  }],
  bench: BATCHES.flatMap((batch) => [
    { batch, pixels: 1, channels: 400, groups: 1 },
    { batch, pixels: 14 * 14, channels: 32, groups: 8 },
  ]),
};

/** h = (x - mean) inverse of each element */
function standardized({ x, mean, inverse }: Readonly<Record<string, Values>>, size: Numbers): Float64Array {
  return Float64Array.from(x, (x, i) => (x - mean[groupOf(size, i)]) * inverse[groupOf(size, i)]);
}

/** y = (x - mean) inverse scale + offset */
export const f32_group_norm = define({
  kernel: kernels.f32_group_norm,
  domain: DOMAIN,
  inputs: (size) => ({ x: groupsOf(size), ...affine(size) }),
  outputs: (size) => ({
    mean: new Float32Array(size.batch * size.groups),
    inverse: new Float32Array(size.batch * size.groups),
    y: new Float32Array(elements(size)),
  }),
  args: (at, { batch, pixels, channels, groups }) => [
    ...[at.x, at.scale, at.offset, EPSILON, at.mean, at.inverse, at.y] as const,
    ...[batch, pixels, channels, groups] as const,
  ],
  reference({ x, scale, offset }, size) {
    const { mean, inverse } = statistics(x, size), { channels } = size;
    const y = Float64Array.from(x, (x, i) => {
      const g = groupOf(size, i), c = i % channels;
      return (x - mean[g]) * inverse[g] * scale[c] + offset[c];
    });
    const sizes = Float64Array.from(x, (x, i) => {
      const g = groupOf(size, i), c = i % channels;
      return (Math.abs(x) + Math.abs(mean[g])) * inverse[g] * Math.abs(scale[c]) + Math.abs(offset[c]);
    });
    return {
      mean: { value: mean, scale: means(size, (i) => Math.abs(x[i])) },
      inverse: { value: inverse, scale: inverse },
      y: { value: y, scale: sizes },
    };
  },
  tolerance: { mean: 1e-7, inverse: 1e-7, y: 4e-7 },
  aliases: [{ y: "x" }],
  ...SHAPES,
  work: (size) => ({ bytes: 4 * (2 * elements(size) + 2 * size.channels + 2 * size.batch * size.groups) }),
});

/** dx = inverse (d - mean of d - h mean of d h), d = dy scale */
export const f32_group_norm_bwd = define({
  kernel: kernels.f32_group_norm_bwd,
  domain: `dy in [-1, 1]; ${DOMAIN}; mean and inverse x's`,
  inputs: (size) => ({ ...backwardInputs(size), scale: affine(size).scale }),
  outputs: (size) => ({ dx: new Float32Array(elements(size)) }),
  args: (at, { batch, pixels, channels, groups }) => [
    ...[at.dy, at.x, at.scale, at.mean, at.inverse, at.dx] as const,
    ...[batch, pixels, channels, groups] as const,
  ],
  reference(inputs, size) {
    const { dy, scale, inverse } = inputs, h = standardized(inputs, size);
    const d = Float64Array.from(dy, (dy, i) => dy * scale[i % size.channels]), at = (i: number) => groupOf(size, i);
    const first = means(size, (i) => d[i]), second = means(size, (i) => d[i] * h[i]);
    const firstSize = means(size, (i) => Math.abs(d[i])), secondSize = means(size, (i) => Math.abs(d[i] * h[i]));
    const value = d.map((d, i) => inverse[at(i)] * (d - first[at(i)] - h[i] * second[at(i)]));
    const terms = d.map((d, i) => Math.abs(d) + firstSize[at(i)] + Math.abs(h[i]) * secondSize[at(i)]);
    return { dx: { value, scale: terms.map((terms, i) => inverse[at(i)] * terms) } };
  },
  tolerance: { dx: 8e-7 },
  aliases: [{ dx: "dy" }, { dx: "x" }],
  ...SHAPES,
  work: (size) => ({ bytes: 4 * (3 * elements(size) + size.channels + 2 * size.batch * size.groups) }),
});

/** dscale = sum of dy h, doffset = sum of dy */
export const f32_group_norm_bwd_affine = define({
  kernel: kernels.f32_group_norm_bwd_affine,
  domain: `dy in [-1, 1]; ${DOMAIN}; mean and inverse x's`,
  inputs: backwardInputs,
  outputs: ({ channels }) => ({ dscale: new Float32Array(channels), doffset: new Float32Array(channels) }),
  args: (at, { batch, pixels, channels, groups }) => [
    ...[at.dy, at.x, at.mean, at.inverse, at.dscale, at.doffset] as const,
    ...[batch, pixels, channels, groups] as const,
  ],
  reference(inputs, size) {
    const h = standardized(inputs, size), { channels } = size, dy = Float64Array.from(inputs.dy);
    const dh = dy.map((dy, i) => dy * h[i]);
    const sums = (values: Float64Array) => {
      const sum = new Float64Array(channels);
      values.forEach((v, i) => sum[i % channels] += v);
      return sum;
    };
    return {
      dscale: { value: sums(dh), scale: sums(absolute(dh)) },
      doffset: { value: sums(dy), scale: sums(absolute(dy)) },
    };
  },
  tolerance: { dscale: 4e-7, doffset: 1e-7 },
  ...SHAPES,
  work: (size) => ({ bytes: 4 * (2 * elements(size) + 2 * size.channels + 2 * size.batch * size.groups) }),
});
