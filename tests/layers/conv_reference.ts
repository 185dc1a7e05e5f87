/** Convolutions in float64, written from their definition, and their slopes by central differences. */
import type { Activation } from "../../src/kernels/activation.ts";
import type { Window } from "../../src/kernels/patches.ts";
import { cdf } from "../../wasm/reference/normal.ts";

/** Every activation in float64. */
export const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  elu: (x) => x > 0 ? x : Math.expm1(x),
  gelu: (x) => x * cdf(x),
  "leaky-relu": (x) => x > 0 ? x : 0.2 * x,
  silu: (x) => x / (1 + Math.exp(-x)),
};

/** A layer and what it is applied to. */
export type Layer = {
  readonly x: Float64Array;
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
  readonly window: Window;
  readonly batch: number;
  readonly activation: Activation;
};

/** Calls `body` with the indices of each product: pixel of the image, tap of the kernel, place of the kernel. */
function eachProduct(w: Window, batch: number, body: (pixel: number, tap: number, place: number) => void): void {
  for (let place = 0; place < batch * w.outHeight * w.outWidth; place++) {
    const ox = place % w.outWidth, oy = Math.floor(place / w.outWidth) % w.outHeight;
    const b = Math.floor(place / (w.outWidth * w.outHeight));
    for (let tap = 0; tap < w.kernelHeight * w.kernelWidth; tap++) {
      const iy = oy * w.strideHeight - w.top + Math.floor(tap / w.kernelWidth) * w.dilationHeight;
      const ix = ox * w.strideWidth - w.left + tap % w.kernelWidth * w.dilationWidth;
      if (iy >= 0 && iy < w.height && ix >= 0 && ix < w.width) body((b * w.height + iy) * w.width + ix, tap, place);
    }
  }
}

/** y [B, OH, OW, O] of x [B, H, W, C], kernel [KH, KW, C, O]. */
export function conv({ x, kernel, bias, window, batch, activation }: Layer): Float64Array {
  const O = bias.length, C = window.channels, y = new Float64Array(batch * window.outHeight * window.outWidth * O);
  eachProduct(window, batch, (pixel, tap, place) => {
    for (let c = 0; c < C; c++) {
      for (let o = 0; o < O; o++) y[place * O + o] += x[pixel * C + c] * kernel[(tap * C + c) * O + o];
    }
  });
  return y.map((v, i) => ACTIVATIONS[activation](v + bias[i % O]));
}

/** y [B, H, W, O] of x [B, OH, OW, C], kernel [KH, KW, O, C]; the window's channels are O. */
export function convTranspose({ x, kernel, bias, window, batch, activation }: Layer): Float64Array {
  const O = bias.length, C = x.length / (batch * window.outHeight * window.outWidth);
  const y = new Float64Array(batch * window.height * window.width * O);
  eachProduct(window, batch, (pixel, tap, place) => {
    for (let c = 0; c < C; c++) {
      for (let o = 0; o < O; o++) y[pixel * O + o] += x[place * C + c] * kernel[(tap * O + o) * C + c];
    }
  });
  return y.map((v, i) => ACTIVATIONS[activation](v + bias[i % O]));
}

/** The slopes of `loss` along `values`, of which about `most` are looked at: index to slope. */
export function centralDifferences(values: Float64Array, loss: () => number, most = Infinity): Map<number, number> {
  const delta = 1e-5, step = Math.max(1, Math.floor(values.length / most)), slopes = new Map<number, number>();
  for (let i = 0; i < values.length; i += step) {
    const value = values[i],
      [above, below] = [delta, -delta].map((by) => {
        values[i] = value + by;
        return loss();
      });
    values[i] = value;
    slopes.set(i, (above - below) / (2 * delta));
  }
  return slopes;
}
