/** tfjs's wasm backend and the parts it is made of, named in this one file. */
export * from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
/** The Emscripten factory of the threaded SIMD binary. */
export { default as glue } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.js";
/** The text of its workers. */
export { default as workerScript } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js";
