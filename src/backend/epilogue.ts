import { activate } from "../kernels/activation.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import { clamp } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { broadcastIndices } from "./broadcast.ts";

/** An operand that is repeated to the shape of the product: a bias, or the slopes of a prelu. */
export type Repeated = { readonly values: ArrayLike<number>; readonly shape: readonly number[] };

/** The names of the activations that tfjs fuses. */
export const FUSABLE = ["linear", "relu", "relu6", "prelu", "leakyrelu", "sigmoid", "elu"] as const;

/** An activation that tfjs fuses, with what it needs besides its argument. */
export type Fused = {
  readonly name: (typeof FUSABLE)[number];
  /** Slope of a leakyrelu below 0. */
  readonly alpha: number;
  /** Slopes of a prelu below 0. */
  readonly weights?: Repeated | undefined;
};

/** Calls `body` for each row of `out`, the last dimension of `shape`, with the row of `small` that is repeated there. */
function eachRow(
  rt: Runtime,
  out: Matrix,
  shape: readonly number[],
  small: Repeated,
  body: (row: Float32Array, values: ArrayLike<number>, from: number, step: number) => void,
): void {
  const N = shape.at(-1) ?? 1, n = small.shape.at(-1) ?? 1, all = floats(rt.heap, out);
  broadcastIndices(small.shape.slice(0, -1), shape.slice(0, -1)).forEach((from, r) =>
    body(all.subarray(r * N, r * N + N), small.values, from * n, n === 1 ? 0 : 1)
  );
}

/** out = small, repeated. */
export function fill(rt: Runtime, out: Matrix, shape: readonly number[], small: Repeated): void {
  eachRow(rt, out, shape, small, (row, values, from, step) => {
    for (let j = 0; j < row.length; j++) row[j] = values[from + j * step]!;
  });
}

/** out = f(out), whose elements are those of a tensor of that shape. */
export function activateFused(
  rt: Runtime,
  out: Matrix,
  shape: readonly number[],
  { name, alpha, weights }: Fused,
): void {
  if (name === "relu" || name === "sigmoid" || name === "elu") activate(rt, out, out, name);
  else if (name === "relu6") clamp(rt, out, [0, 6]);
  else if (name === "leakyrelu") slopeBelowZero(floats(rt.heap, out), [alpha], 0, 0);
  else if (name === "prelu" && weights) eachRow(rt, out, shape, weights, slopeBelowZero);
}

function slopeBelowZero(row: Float32Array, slopes: ArrayLike<number>, from: number, step: number): void {
  for (let j = 0; j < row.length; j++) if (row[j]! < 0) row[j]! *= slopes[from + j * step]!;
}
