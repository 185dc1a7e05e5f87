/** tfjs's wasm backend with threads and SIMD. */
export const tfjsThreadedSimd: WebAssembly.Module;
/** Whether this engine has relaxed SIMD. */
export const hasRelaxedSimd: boolean;
/** Our kernels with threads, the faster build that this engine takes. */
export const bestKernels: WebAssembly.Module;
/** Our kernels with threads, without relaxed SIMD. */
export const baselineKernels: () => Promise<WebAssembly.Module>;
