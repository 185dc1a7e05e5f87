import { show, showText } from "../checks/show.ts";
import { hasRelaxedSimd } from "../kernels/simd.ts";

/**
 * The kernels for inference, `wasm/bin/edge_relaxed.wasm` or `wasm/bin/edge_baseline.wasm`: compiled, as bytes, or where
 * they can be fetched.
 */
export type Wasm = WebAssembly.Module | BufferSource | Response | URL | string;

/** The kernels, compiled; without `given` those of this package, if the runtime can read or fetch them. */
export async function compiled(given?: Wasm | Promise<Wasm>): Promise<WebAssembly.Module> {
  const wasm = await given;
  if (wasm === undefined) return await ours();
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm)) return await compile(wasm);
  const body = typeof wasm === "string" || wasm instanceof URL ? await fetch(wasm) : wasm;
  if (!(body instanceof Response)) {
    throw new TypeError(
      `Cannot load kernels: expected a WebAssembly.Module, its bytes, a Response or a URL, got ${show(wasm)}`,
    );
  }
  if (!body.ok) {
    throw new Error(`Cannot load kernels: expected status 200 of ${showText(body.url)}, got ${body.status}`);
  }
  return await compile(await body.arrayBuffer());
}

async function compile(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new Error(`Cannot load kernels: ${showText((cause as Error).message)}`, { cause });
  }
}

/**
 * The module of this package. Deno reads it without permission, since the import is a literal; bundlers, which cannot, have
 * to be told that `./binaries.js` is external. Elsewhere it is fetched, from a URL that some bundlers take for an asset's.
 */
async function ours(): Promise<WebAssembly.Module> {
  const relaxed = hasRelaxedSimd();
  try {
    const binaries = await import(/* webpackIgnore: true */ "./binaries.js");
    return await (relaxed ? binaries.relaxed : binaries.baseline)();
  } catch (first) {
    try {
      return await compiled(
        relaxed
          ? new URL("../../wasm/bin/edge_relaxed.wasm", import.meta.url)
          : new URL("../../wasm/bin/edge_baseline.wasm", import.meta.url),
      );
    } catch (cause) {
      throw new Error(
        `Cannot load kernels: they were found neither by import (${(first as Error).message}) nor by fetch ` +
          `(${(cause as Error).message}); hand them to load, as its option wasm`,
        { cause },
      );
    }
  }
}
