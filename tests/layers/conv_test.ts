/** Convolutions and their gradients against float64, and that nothing in them depends on the number of threads. */
import type { Activation } from "../../src/kernels/activation.ts";
import { floats, type Matrix, size } from "../../src/kernels/heap.ts";
import { col2im, im2col, type Window } from "../../src/kernels/patches.ts";
import { sameWindow } from "../../src/kernels/window.ts";
import { Pool } from "../../src/kernels/pool.ts";
import { Runtime } from "../../src/kernels/runtime.ts";
import {
  convBackward,
  convForward,
  convTransposeBackward,
  convTransposeForward,
  halving,
} from "../../src/layers/conv.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { BUILDS } from "../kernels/builds.ts";
import { BumpHeap } from "../kernels/bump_heap.ts";
import { ACTIVATIONS, centralDifferences, conv, convTranspose, type Layer } from "./conv_reference.ts";

const NAMES = Object.keys(ACTIVATIONS) as Activation[];

/** A window of that image, 3 x 2 taps, odd in all it can be. */
function odd(height: number, width: number, channels: number): Window {
  return {
    ...{ height, width, channels, kernelHeight: 3, kernelWidth: 2, strideHeight: 2, strideWidth: 1, top: 1, left: 0 },
    ...{ outHeight: Math.floor((height + 2 - 3) / 2) + 1, outWidth: width - 2, dilationHeight: 1, dilationWidth: 2 },
  };
}

/** A window with "same" padding of such an image, each of the rest by height and width. */
function same(
  [height, width, channels]: [number, number, number],
  [kernelHeight, kernelWidth]: [number, number],
  [strideHeight, strideWidth]: [number, number],
  [dilationHeight, dilationWidth]: [number, number],
): Window {
  return sameWindow({
    ...{ height, width, channels, kernelHeight, kernelWidth, strideHeight, strideWidth },
    ...{ dilationHeight, dilationWidth },
  });
}

/** Images, windows and channels of the other side. */
const SIZES: [batch: number, window: Window, channels: number][] = [
  [2, odd(5, 6, 3), 4],
  [1, odd(7, 4, 5), 1],
  [3, halving(7, 5, 1), 6],
  [2, halving(2, 3, 4), 3],
  [1, { ...odd(1, 3, 1), kernelHeight: 1, top: 0 }, 1],
  [2, { ...odd(9, 5, 2), strideHeight: 4, outHeight: 3 }, 3], // sees not all rows
  [2, same([1, 12, 3], [1, 3], [1, 1], [1, 4]), 2], // signals
  [2, same([1, 11, 2], [1, 4], [1, 2], [1, 2]), 3],
  [1, same([7, 5, 2], [2, 4], [1, 1], [1, 1]), 3], // even kernels
  [2, same([9, 7, 2], [5, 3], [2, 3], [1, 1]), 2],
  [1, same([8, 9, 1], [3, 2], [2, 3], [2, 3]), 2], // stride and dilation have a common factor
];

/** More patches than are made at a time, the last few fewer; work for more than one thread. */
const LARGE: (typeof SIZES)[number] = [7, halving(28, 27, 16), 12];

/** Both directions. */
const KINDS = {
  convolution: { forward: convForward, backward: convBackward, reference: conv, transposed: false },
  "transposed convolution": {
    forward: convTransposeForward,
    backward: convTransposeBackward,
    reference: convTranspose,
    transposed: true,
  },
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

function withRuntime(threads: number, body: (rt: Runtime) => void): void {
  const heap = new BumpHeap(), rt = new Runtime(heap, new Pool(BUILDS.relaxed.threads, heap, threads));
  try {
    rt.arena.scope(() => body(rt));
  } finally {
    rt.stop();
  }
}

function put(rt: Runtime, values: ArrayLike<number>, rows: number, cols: number): Matrix {
  const m = rt.arena.matrix(rows, cols);
  floats(rt.heap, m).set(values);
  return m;
}

/** A matrix that holds something, so that who does not write all of it is found out. */
function dirty(rt: Runtime, rows: number, cols: number): Matrix {
  return put(rt, new Float32Array(rows * cols).fill(0.5), rows, cols);
}

type Case = { layer: Layer; dy: Float64Array; shapes: { x: number[]; kernel: number[]; y: number[] } };

/** Random numbers for one size. */
function make({ transposed }: Kind, [batch, window, channels]: (typeof SIZES)[number], activation: Activation): Case {
  const image = [batch * window.height * window.width, window.channels];
  const places = [batch * window.outHeight * window.outWidth, channels];
  const [x, y] = transposed ? [places, image] : [image, places];
  const kernel = [window.kernelHeight * window.kernelWidth * window.channels, channels];
  const draw = ([rows, cols]: number[], seed: number) => Float64Array.from(uniform(rows * cols, -1, 1, seed));
  const layer = { x: draw(x, 1), kernel: draw(kernel, 2), bias: draw([1, y[1]], 3), window, batch, activation };
  return { layer, dy: draw(y, 4), shapes: { x, kernel, y } };
}

/** All that the layer computes in float32. */
function run(rt: Runtime, { forward, backward }: Kind, { layer, dy, shapes }: Case, accumulate = false) {
  const { window, activation } = layer;
  const matrix = (values: Float64Array, [rows, cols]: number[]) => put(rt, values, rows, cols);
  const params = { kernel: matrix(layer.kernel, shapes.kernel), bias: matrix(layer.bias, [1, layer.bias.length]) };
  const grads = { kernel: dirty(rt, shapes.kernel[0], shapes.kernel[1]), bias: dirty(rt, 1, layer.bias.length) };
  const x = matrix(layer.x, shapes.x), dx = dirty(rt, shapes.x[0], shapes.x[1]);
  const tape = forward(rt, params, x, window, activation);
  assertEquals([tape.x, tape.y.rows, tape.y.cols], [x, ...shapes.y]);
  const values = (m: Matrix) => floats(rt.heap, m).slice(), y = values(tape.y);
  backward(rt, params, grads, tape, matrix(dy, shapes.y), activation, dx, accumulate);
  return { y, dx: values(dx), dkernel: values(grads.kernel), dbias: values(grads.bias) };
}

/** Fails unless all gradients are those of the reference: of all elements, or of about `most`. */
function assertRight(rt: Runtime, kind: Kind, made: Case, most?: number): void {
  const { layer, dy } = made, got = run(rt, kind, made), y = kind.reference(layer);
  const loss = () => kind.reference(layer).reduce((sum, y, i) => sum + y * dy[i], 0);
  const bound = (values: Iterable<number>) => 3e-6 * Math.max(1, ...[...values].map(Math.abs)), atMost = bound(y);
  y.forEach((want, i) => assertAlmostEquals(got.y[i], want, atMost, `y[${i}]: expected ${want}, got ${got.y[i]}`));
  for (const name of ["x", "kernel", "bias"] as const) {
    const wanted = centralDifferences(layer[name], loss, most);
    const result = got[`d${name}`], tolerance = bound(wanted.values());
    for (const [i, want] of wanted) {
      assertAlmostEquals(result[i], want, tolerance, `d${name}[${i}]: expected ${want}, got ${result[i]}`);
    }
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  Deno.test(`a ${name} and its gradients are those of float64, with every activation`, () => {
    withRuntime(2, (rt) => {
      for (const activation of NAMES) assertRight(rt, kind, make(kind, SIZES[0], activation));
      for (const size of SIZES) {
        for (const activation of ["identity", "tanh"] as const) {
          assertRight(rt, kind, make(kind, size, activation));
        }
      }
    });
  });

  Deno.test(`a ${name} of more images than are worked on at a time is right`, () => {
    withRuntime(2, (rt) => assertRight(rt, kind, make(kind, LARGE, "identity"), 4));
  });

  Deno.test(`a ${name} has the same bits on 1 to 4 threads`, () => {
    for (const activation of ["identity", "gelu"] as const) {
      const made = make(kind, LARGE, activation), all: ReturnType<typeof run>[] = [];
      for (const threads of [1, 2, 3, 4]) withRuntime(threads, (rt) => all.push(run(rt, kind, made)));
      for (const other of all.slice(1)) assertEquals(other, all[0]);
    }
  });

  Deno.test(`a ${name} adds to dx if told to, leaves it out if not given, and takes images as rows`, () => {
    withRuntime(1, (rt) => {
      const made = make(kind, SIZES[2], "relu"), { layer, dy, shapes } = made;
      const plain = run(rt, kind, made), added = run(rt, kind, made, true);
      added.dx.forEach((dx, i) => assertAlmostEquals(dx, plain.dx[i] + 0.5, 1e-5));

      const rows = (values: Float64Array) => put(rt, values, layer.batch, values.length / layer.batch);
      const params = { kernel: put(rt, layer.kernel, shapes.kernel[0], shapes.kernel[1]), bias: rows(layer.bias) };
      const grads = { kernel: dirty(rt, shapes.kernel[0], shapes.kernel[1]), bias: dirty(rt, 1, layer.bias.length) };
      const out = rows(new Float64Array(dy.length));
      const tape = kind.forward(rt, params, rows(layer.x), layer.window, "relu", out);
      assertEquals([tape.y, floats(rt.heap, out).slice()], [out, plain.y]);
      kind.backward(rt, params, grads, tape, rows(dy), "relu");
      assertEquals(floats(rt.heap, grads.kernel).slice(), plain.dkernel);
      assertEquals(floats(rt.heap, grads.bias).slice(), plain.dbias);
    });
  });
}

Deno.test("col2im is the adjoint of im2col", () => {
  withRuntime(2, (rt) => {
    for (const [batch, w] of [...SIZES, LARGE]) {
      const n = batch * w.outHeight * w.outWidth, cols = w.kernelHeight * w.kernelWidth * w.channels;
      const pixels = batch * w.height * w.width, patches = dirty(rt, n, cols), image = dirty(rt, pixels, w.channels);
      const x = put(rt, uniform(pixels * w.channels, -1, 1, 5), pixels, w.channels);
      const p = put(rt, uniform(n * cols, -1, 1, 6), n, cols);
      im2col(rt, patches, x, w);
      col2im(rt, image, p, w);
      const dot = (a: Matrix, b: Matrix) => {
        const [first, second] = [a, b].map((m) => floats(rt.heap, m));
        return first.reduce((sum, v, i) => sum + v * second[i], 0);
      };
      assertAlmostEquals(dot(patches, p), dot(x, image), 1e-6 * size(p));
    }
  });
});

Deno.test("a convolution's temporaries do not grow with the batch", () => {
  const bytes = [20, 40].map((batch) => {
    let held = 0;
    withRuntime(1, (rt) => {
      const made = make(KINDS.convolution, [batch, halving(28, 28, 4), 4], "relu");
      const before = rt.arena.bytes;
      run(rt, KINDS.convolution, made);
      held = rt.arena.bytes - before - 4 * (3 * made.layer.x.length + 3 * made.dy.length);
    });
    return held;
  });
  assert(bytes[1] < 1.2 * bytes[0] && bytes[1] < 4e6, `${bytes}`);
});

Deno.test("halving halves, rounding down, and its transpose gives odd sizes back", () => {
  const chain = (n: number) => {
    const sizes = [n];
    while (n > 1) sizes.push(n = halving(n, n, 3).outHeight);
    return sizes;
  };
  assertEquals([chain(28), chain(32)], [[28, 14, 7, 3, 1], [32, 16, 8, 4, 2, 1]]);
  withRuntime(1, (rt) => {
    const window = halving(7, 7, 2),
      { y } = run(
        rt,
        KINDS["transposed convolution"],
        make(
          KINDS["transposed convolution"],
          [1, window, 3],
          "identity",
        ),
      );
    assertEquals([window.outHeight, window.outWidth, y.length], [3, 3, 7 * 7 * 2]);
  });
  assertThrows(() => halving(1, 4, 1), RangeError, "expected height to be an integer of 2 or more, got 1");
  assertThrows(() => halving(4, 2.5, 1), RangeError, "expected width to be an integer of 2 or more, got 2.5");
  assertThrows(() => halving(4, 4, 0), RangeError, "expected channels to be an integer of 1 or more, got 0");
});
