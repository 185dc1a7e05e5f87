/** The kernels for inference, for engines with relaxed SIMD. */
export const relaxed: () => Promise<WebAssembly.Module>;
/** The same without. */
export const baseline: () => Promise<WebAssembly.Module>;
