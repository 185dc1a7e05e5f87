import { f32_activation, f32_activation_bwd } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/**
 * An activation function: f(x) = x, max(0, x), tanh x, 1 / (1 + e^-x), x > 0 ? x : e^x - 1, x times the normal cdf,
 * x > 0 ? x : 0.2 x, or x / (1 + e^-x).
 */
export type Activation = "identity" | "relu" | "tanh" | "sigmoid" | "elu" | "gelu" | "leaky-relu" | "silu";

/** Properties of an activation function. */
type Properties = {
  /** The number that f32_activation knows it by. */
  readonly kind: number;
  /** Its derivative is computed from its input: it is not monotone, so its output does not determine the input. */
  readonly fromInput: boolean;
};

const PROPERTIES: Readonly<Record<Activation, Properties>> = {
  "identity": { kind: 0, fromInput: false },
  "relu": { kind: 1, fromInput: false },
  "tanh": { kind: 2, fromInput: false },
  "sigmoid": { kind: 3, fromInput: false },
  "elu": { kind: 4, fromInput: false },
  "gelu": { kind: 5, fromInput: true },
  "leaky-relu": { kind: 6, fromInput: false },
  "silu": { kind: 7, fromInput: true },
};

/** The names of the activations that a hidden layer may have: all but the identity. */
export const ACTIVATIONS: readonly Activation[] = (Object.keys(PROPERTIES) as Activation[]).filter((name) =>
  name !== "identity"
);

/**
 * Where the input of an activation goes whose output goes to `out`: to the arena if the derivative is computed from it,
 * else to `out` itself. It is what {@linkcode activateBackward} takes as `saved`.
 */
export function preActivation(rt: Runtime, out: Matrix, activation: Activation): Matrix {
  return PROPERTIES[activation].fromInput ? rt.arena.matrix(out.rows, out.cols) : out;
}

/** out = f(x); out may be x. */
export function activate(rt: Runtime, out: Matrix, x: Matrix, activation: Activation): void {
  const n = size(x);
  rt.run(f32_activation, rt.parts(n), PROPERTIES[activation].kind, x.ptr, out.ptr, n);
}

/** dy *= f'(.) in place, and dbias = the sum of its rows; saved is what {@linkcode preActivation} gave. */
export function activateBackward(rt: Runtime, dy: Matrix, saved: Matrix, dbias: Matrix, activation: Activation): void {
  rt.run(
    f32_activation_bwd,
    rt.parts(size(dy)),
    PROPERTIES[activation].kind,
    dy.ptr,
    saved.ptr,
    dbias.ptr,
    dy.rows,
    dy.cols,
  );
}
