import { f32_bernoulli, f32_normal, f32_uniform, u32_bits } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** The two words of a threefry key. */
export type Words = readonly [number, number];

/** Elements of a plain elementwise kernel that one draw is worth. */
export const COST = 16;

/** 32 random bits an element. */
export function drawBits(rt: Runtime, out: Matrix, [k0, k1]: Words): void {
  rt.run(u32_bits, rt.parts(COST * size(out)), k0, k1, out.ptr, size(out));
}

/** Uniform on [low, high). */
export function drawUniform(rt: Runtime, out: Matrix, [k0, k1]: Words, low: number, high: number): void {
  rt.run(f32_uniform, rt.parts(COST * size(out)), k0, k1, low, high, out.ptr, size(out));
}

/** Standard normal. */
export function drawNormal(rt: Runtime, out: Matrix, [k0, k1]: Words): void {
  rt.run(f32_normal, rt.parts(COST * size(out)), k0, k1, out.ptr, size(out));
}

/** 1 with probability p, else 0, element by element; out may be p. */
export function drawBernoulli(rt: Runtime, out: Matrix, [k0, k1]: Words, p: Matrix): void {
  rt.run(f32_bernoulli, rt.parts(COST * size(out)), k0, k1, p.ptr, out.ptr, size(out));
}
