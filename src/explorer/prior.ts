import { sample } from "../edge/infer.ts";
import type { Model } from "../edge/model.ts";
import type { Key } from "../random.ts";

/** The codes that `generate` draws with a key, z ~ N(0, I), [n, Z]: what a code stands for can be changed, then. */
export function priorCodes(model: Model, n: number, key: Key): Float32Array {
  const { latent } = model.config, zeros = { data: new Float32Array(n * latent), shape: [n, latent] };
  return sample({ mean: zeros, logVar: zeros }, { key, model }).data;
}
