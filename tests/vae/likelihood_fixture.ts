import { floats, type Matrix } from "../../src/kernels/heap.ts";
import { Pool } from "../../src/kernels/pool.ts";
import { Runtime } from "../../src/kernels/runtime.ts";
import { key } from "../../src/random.ts";
import { type LikelihoodName, LIKELIHOODS } from "../../src/vae/likelihood.ts";
import { BUILDS } from "../kernels/builds.ts";
import { BumpHeap } from "../kernels/bump_heap.ts";
import { FORMULAS } from "./likelihood_formulas.ts";

/** Runs `body` with so many threads over a heap of its own. */
export function using(simd: keyof typeof BUILDS, threads: number, body: (rt: Runtime) => void): void {
  const heap = new BumpHeap(), rt = new Runtime(heap, new Pool(BUILDS[simd].threads, heap, threads));
  try {
    rt.arena.scope(() => body(rt));
  } finally {
    rt.stop();
  }
}

/** A matrix in the arena, of these values over and over. */
export function put(rt: Runtime, values: ArrayLike<number>, rows: number, cols: number): Matrix {
  const m = rt.arena.matrix(rows, cols), view = floats(rt.heap, m);
  for (let i = 0; i < view.length; i++) view[i] = values[i % values.length];
  return m;
}

export function take(rt: Runtime, m: Matrix): Float32Array<ArrayBuffer> {
  return Float32Array.from(floats(rt.heap, m));
}

/** The loss of each x, one to an example, and its derivative by each output. */
export function losses(
  rt: Runtime,
  name: LikelihoodName,
  outputs: readonly number[],
  xs: readonly number[],
  logVar: number,
) {
  return rt.arena.scope(() => {
    const B = xs.length, o = put(rt, outputs, B, outputs.length), x = put(rt, xs, B, 1), nll = put(rt, [NaN], B, 1);
    const out = put(rt, [NaN], B, outputs.length);
    LIKELIHOODS[name].nll(rt, nll, o, x, logVar, { out, scale: 0.5 });
    return { nll: take(rt, nll), gradient: take(rt, out).map((d) => 2 * d) };
  });
}

/** [B, D] of means, or of samples with a key, where all outputs are alike. */
export function draw(
  rt: Runtime,
  name: LikelihoodName,
  outputs: ArrayLike<number>,
  B: number,
  D: number,
  logVar: number,
  k = -1,
) {
  return rt.arena.scope(() => {
    const { outputs: P, mean, sample } = LIKELIHOODS[name];
    const o = put(rt, outputs, B, D * P), out = put(rt, [NaN], B, D);
    if (k < 0) mean(rt, out, o, logVar);
    else sample(rt, out, o, logVar, key(k));
    return take(rt, out);
  });
}

/** Calls `body` with each case of a formula. */
export function eachCase(name: LikelihoodName, body: (outputs: number[], logVar: number, what: string) => void): void {
  const { cases, logVars } = FORMULAS[name];
  for (const outputs of cases) {
    // As float32, so that formula and kernel are given the same.
    for (const logVar of logVars) body(outputs.map(Math.fround), logVar, `${name} at ${outputs}, logVar ${logVar}`);
  }
}
