// TypeScript 6.0 cannot parse `import source`, so compiled modules are handed over from plain JavaScript.
// @ts-self-types="./binaries.d.ts"
import source tfjsThreadedSimd from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/dist/tfjs-backend-wasm-threaded-simd.wasm";

/** A module of one function, () -> v128, that is i8x16.relaxed_swizzle of two zero vectors. */
// deno-fmt-ignore
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0,
  65, 0, 253, 15, 65, 0, 253, 15, 253, 128, 2, 11,
]);

export const hasRelaxedSimd = WebAssembly.validate(RELAXED_SIMD);
export const baselineKernels = () => import.source("../../wasm/bin/threads_baseline.wasm");
export const bestKernels = hasRelaxedSimd
  ? await import.source("../../wasm/bin/threads_relaxed.wasm")
  : await baselineKernels();
export { tfjsThreadedSimd };
