// TypeScript 6.0 cannot parse `import source`, so compiled modules are handed over from plain JavaScript.
// @ts-self-types="./binaries.d.ts"
import source tfjsThreadedSimd from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/dist/tfjs-backend-wasm-threaded-simd.wasm";
import { hasRelaxedSimd as probe } from "../kernels/simd.ts";

export const hasRelaxedSimd = probe();
export const baselineKernels = () => import.source("../../wasm/bin/threads_baseline.wasm");
export const bestKernels = hasRelaxedSimd
  ? await import.source("../../wasm/bin/threads_relaxed.wasm")
  : await baselineKernels();
export { tfjsThreadedSimd };
