import { drawNormal } from "../kernels/draw.ts";
import type { Key } from "../random.ts";
import { type Array2D, take } from "./arrays.ts";
import { engineOf, type Model } from "./model.ts";

/**
 * The codes that `generate` decodes for a key, z ~ N(0, I); also the noise of `sample` with that key.
 *
 * @param model A model.
 * @param n How many, at least 1.
 * @param key The random key.
 * @returns [n, Z].
 * @throws {TypeError} If it is no model.
 */
export function priorCodes(model: Model, n: number, key: Key): Array2D {
  const { config, runtime: rt } = engineOf("Cannot draw codes", model);
  return rt.arena.scope(() => {
    const z = rt.arena.matrix(n, config.latent);
    drawNormal(rt, z, key);
    return take(rt, z);
  });
}
