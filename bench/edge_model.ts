/** The model that is measured on the edge, and the kernels; made without tfjs. */
import { encodeModel } from "../src/model_file.ts";
import { layout, mapNetwork } from "../src/vae/layout.ts";
import { MODEL } from "./architecture.ts";
import { parameters } from "./flops.ts";

/** Bytes of the weights alone. */
export const WEIGHTS = 4 * parameters(MODEL);

/** Z, the length of its codes. */
export const LATENT = MODEL.latent;

/** The file of 784-400-20 as `deno task export` writes it, with some weights or other. */
export function modelFile(): Uint8Array<ArrayBuffer> {
  const some = ({ shape }: { readonly shape: readonly number[] }) =>
    Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => (Math.random() - 0.5) / 10);
  return encodeModel(MODEL, mapNetwork(layout(MODEL), some), "params");
}

/** The kernels' bytes. */
export function kernels(): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL("../wasm/bin/edge_relaxed.wasm", import.meta.url));
}
