// TypeScript 6.0 cannot parse `import source`, so compiled modules are handed over from plain JavaScript.
// @ts-self-types="./binaries.d.ts"
import source tfjsThreadedSimd from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/dist/tfjs-backend-wasm-threaded-simd.wasm";
import { hasRelaxedSimd as probe } from "../kernels/simd.ts";

/**
 * Below a folder that is a symbolic link Deno 2.9 looks a module up by its real path, does not find it prepared, and takes
 * it for one whose imports are modules (`Import "env" not a dependency`). The file is read instead, which needs
 * --allow-read, as such a lookup does.
 */
async function imported(source, name) {
  try {
    return await source();
  } catch (error) {
    const url = new URL(`../../wasm/bin/${name}`, import.meta.url);
    if (url.protocol !== "file:") throw error;
    return await WebAssembly.compile(await Deno.readFile(url));
  }
}

export const hasRelaxedSimd = probe();
export const baselineKernels = () =>
  imported(() => import.source("../../wasm/bin/threads_baseline.wasm"), "threads_baseline.wasm");
export const bestKernels = hasRelaxedSimd
  ? await imported(() => import.source("../../wasm/bin/threads_relaxed.wasm"), "threads_relaxed.wasm")
  : await baselineKernels();
export { tfjsThreadedSimd };
