/** tfjs's wasm backend and the parts it is made of, named in this one file. */
import type { BackendWasm } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
export * from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
/** The Emscripten factory of the threaded SIMD binary. */
export { default as glue } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.js";
/** The text of its workers. */
export { default as workerScript } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js";

/** The name that tfjs binds the backend's kernels to. */
export const BACKEND = "wasm";

/** What the backend knows of a tensor: above all where its bytes are. If another backend has them, they are moved here. */
export function dataOf(backend: BackendWasm, { dataId }: { readonly dataId: object }): { memoryOffset: number } {
  return backend.dataIdMap.get(dataId) as { memoryOffset: number };
}
