/** A module of one function, () -> v128, that is i8x16.relaxed_swizzle of two zero vectors. */
// deno-fmt-ignore
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0,
  65, 0, 253, 15, 65, 0, 253, 15, 253, 128, 2, 11,
]);

/** Whether this engine has relaxed SIMD, and with it multiply-add in one step where the machine has that. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_SIMD);
}
