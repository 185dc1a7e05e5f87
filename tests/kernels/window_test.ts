/** Windows with "same" padding, and that patches and their adjoint are right for kernels of every kind. */
import { col2im, im2col, type Window } from "../../src/kernels/patches.ts";
import { sameWindow } from "../../src/kernels/window.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { SerialRuntime } from "./serial_runtime.ts";

/** The window of a signal: length, kernel, stride, dilation. */
function signal(width: number, kernelWidth: number, strideWidth: number, dilationWidth: number, channels = 1): Window {
  return sameWindow({
    ...{ height: 1, kernelHeight: 1, strideHeight: 1, dilationHeight: 1 },
    ...{ width, kernelWidth, strideWidth, dilationWidth, channels },
  });
}

/** All that is small: of one axis. */
function* axes(): Generator<[length: number, kernel: number, stride: number, dilation: number]> {
  for (let length = 1; length <= 10; length++) {
    for (let kernel = 1; kernel <= 5; kernel++) {
      for (let stride = 1; stride <= 4; stride++) {
        for (let dilation = 1; dilation <= 4; dilation++) yield [length, kernel, stride, dilation];
      }
    }
  }
}

Deno.test("sameWindow pads as TensorFlow and JAX do", () => {
  // jax.lax.padtype_to_pads([n], [(k - 1) * d + 1], [s], "SAME") = [(before, after)]
  const known = [
    { n: 5, k: 3, s: 1, d: 1, pads: [1, 1] },
    { n: 5, k: 2, s: 1, d: 1, pads: [0, 1] },
    { n: 5, k: 4, s: 1, d: 1, pads: [1, 2] },
    { n: 28, k: 4, s: 2, d: 1, pads: [1, 1] },
    { n: 7, k: 4, s: 2, d: 1, pads: [1, 2] },
    { n: 7, k: 3, s: 2, d: 1, pads: [1, 1] },
    { n: 8, k: 3, s: 2, d: 1, pads: [0, 1] },
    { n: 9, k: 3, s: 1, d: 4, pads: [4, 4] },
    { n: 10, k: 3, s: 3, d: 2, pads: [2, 2] },
    { n: 9, k: 2, s: 3, d: 1, pads: [0, 0] },
    { n: 10, k: 1, s: 3, d: 1, pads: [0, 0] },
  ];
  for (const { n, k, s, d, pads } of known) {
    const { left, outWidth } = signal(n, k, s, d);
    const behind = Math.max(0, (outWidth - 1) * s + (k - 1) * d + 1 - left - n);
    assertEquals([left, behind, outWidth], [...pads, Math.ceil(n / s)], `${[n, k, s, d]}`);
  }
});

Deno.test("sameWindow keeps the size at stride 1, and has both axes independent of each other", () => {
  const window = sameWindow({
    ...{ height: 9, width: 6, channels: 3, kernelHeight: 4, kernelWidth: 3, strideHeight: 1, strideWidth: 2 },
    ...{ dilationHeight: 2, dilationWidth: 1 },
  });
  assertEquals([window.outHeight, window.outWidth, window.top, window.left], [9, 3, 3, 0]);
  for (const [length, kernel, , dilation] of axes()) {
    const { outWidth, left } = signal(length, kernel, 1, dilation), lost = (kernel - 1) * dilation;
    assertEquals([outWidth, left], [length, Math.floor(lost / 2)]);
  }
});

Deno.test("the window of a transposed convolution has as many places as its input has pixels", () => {
  for (const [length, kernel, stride, dilation] of axes()) {
    assertEquals(signal(length * stride, kernel, stride, dilation).outWidth, length);
  }
});

Deno.test("sameWindow refuses what is not a positive integer", () => {
  assertThrows(
    () => signal(5, 0, 1, 1),
    RangeError,
    "Cannot pad images: expected kernelWidth to be a positive integer",
  );
  assertThrows(() => signal(5, 3, 1.5, 1), RangeError, "expected strideWidth to be a positive integer, got 1.5");
  assertThrows(() => signal(NaN, 3, 1, 1), RangeError, "expected width to be a positive integer, got NaN");
  assertThrows(() => signal(5, 3, 1, -1), RangeError, "expected dilationWidth to be a positive integer, got -1");
});

/** The index of the pixel under each tap at each place, or -1, from the definition. */
function taps(w: Window): number[] {
  const found: number[] = [];
  for (let oy = 0; oy < w.outHeight; oy++) {
    for (let ox = 0; ox < w.outWidth; ox++) {
      for (let ky = 0; ky < w.kernelHeight; ky++) {
        for (let kx = 0; kx < w.kernelWidth; kx++) {
          const iy = oy * w.strideHeight - w.top + ky * w.dilationHeight;
          const ix = ox * w.strideWidth - w.left + kx * w.dilationWidth;
          found.push(iy >= 0 && iy < w.height && ix >= 0 && ix < w.width ? iy * w.width + ix : -1);
        }
      }
    }
  }
  return found;
}

/** Fails unless patches and their adjoint are those of the definition, for two images whose values are integers. */
function assertPatches(rt: SerialRuntime, w: Window): void {
  const C = w.channels, pixels = w.height * w.width, found = taps(w), B = 2;
  const x = Float32Array.from({ length: B * pixels * C }, (_, i) => 1 + i);
  const source = (i: number) => {
    const tap = Math.floor(i / C) % found.length, b = Math.floor(i / C / found.length);
    return found[tap] < 0 ? -1 : (b * pixels + found[tap]) * C + i % C;
  };
  const n = B * found.length * C, what = JSON.stringify(w);
  const patches = rt.put(B * w.outHeight * w.outWidth, w.kernelHeight * w.kernelWidth * C);
  im2col(rt, patches, rt.put(B * pixels, C, x), w);
  const wanted = Array.from({ length: n }, (_, i) => source(i) < 0 ? 0 : x[source(i)]);
  assertEquals([...rt.get(patches)], wanted, what);

  const sums = new Float32Array(x.length), back = rt.put(B * pixels, C);
  for (let i = 0; i < n; i++) if (source(i) >= 0) sums[source(i)] += i % 1000;
  const given = Array.from({ length: n }, (_, i) => i % 1000);
  col2im(rt, back, rt.put(patches.rows, patches.cols, given), w);
  assertEquals([...rt.get(back)], [...sums], what);
}

Deno.test("patches of signals and their adjoint are exact for every small kernel, stride and dilation", () => {
  const rt = new SerialRuntime();
  let windows = 0;
  for (const [length, kernel, stride, dilation] of axes()) {
    assertPatches(rt, signal(length, kernel, stride, dilation, 1 + windows % 5));
    windows++;
  }
  assert(windows === 800);
});

Deno.test("patches of images and their adjoint are exact for kernels of different axes", () => {
  const rt = new SerialRuntime(), all = [...axes()];
  for (let i = 0; i < 300; i++) {
    const [height, kernelHeight, strideHeight, dilationHeight] = all[i * 211 % all.length];
    const [width, kernelWidth, strideWidth, dilationWidth] = all[i * 577 % all.length];
    assertPatches(
      rt,
      sameWindow({
        ...{ height, width, channels: 1 + i % 6, kernelHeight, kernelWidth, strideHeight, strideWidth },
        ...{ dilationHeight, dilationWidth },
      }),
    );
  }
});
