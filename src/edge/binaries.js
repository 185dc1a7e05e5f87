// TypeScript 6.0 cannot parse `import source`, so compiled modules are handed over from plain JavaScript.
// @ts-self-types="./binaries.d.ts"
export const relaxed = () => import.source("../../wasm/bin/edge_relaxed.wasm");
export const baseline = () => import.source("../../wasm/bin/edge_baseline.wasm");
