/** The model that is measured on the edge, and the kernels; made without tfjs. */
import { encodeModel } from "../src/model_file.ts";
import { resolveConfig } from "../src/vae/config.ts";
import { layout, mapNetwork } from "../src/vae/layout.ts";
import { parameters } from "./flops.ts";

const config = resolveConfig({ input: 784, hidden: [400], latent: 20 });

/** Bytes of the weights alone. */
export const WEIGHTS = 4 * parameters(config);

/** Z, the length of its codes. */
export const LATENT = config.latent;

/** The file of 784-400-20 as `deno task export` writes it, with some weights or other. */
export function modelFile(): Uint8Array<ArrayBuffer> {
  const some = ({ shape }: { readonly shape: readonly number[] }) =>
    Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => (Math.random() - 0.5) / 10);
  return encodeModel(config, mapNetwork(layout(config), some), "params");
}

/** The kernels' bytes. */
export function kernels(): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL("../wasm/bin/edge_relaxed.wasm", import.meta.url));
}
