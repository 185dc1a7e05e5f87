import { generate } from "../edge/generate.ts";
import { priorCodes } from "../edge/prior.ts";
import { key } from "../random.ts";
import { natural } from "./address.ts";
import { pictureButtons } from "./canvas.ts";
import type { Explorer } from "./explorer.ts";
import { part } from "./part.ts";

/** How many samples are shown. */
const COUNT = 24;

/** Samples of the seed that is in the address; each of them can be taken as the code. */
export function samplesPanel(explorer: Explorer): void {
  const { model, shape, signal } = explorer, seed = part("seed", HTMLInputElement), Z = model.config.latent;
  const take = (i: number) => explorer.z = priorCodes(model, COUNT, key(explorer.seed)).data.slice(i * Z, (i + 1) * Z);
  const names = Array.from({ length: COUNT }, (_, i) => `Sample ${i + 1}`);
  const drawAll = pictureButtons(part("samples", HTMLDivElement), names, shape, take);
  seed.addEventListener("change", () => explorer.seed = natural(seed.value), { signal });
  part("next", HTMLButtonElement).addEventListener("click", () => {
    explorer.seed = explorer.seed < Number.MAX_SAFE_INTEGER ? explorer.seed + 1 : 0;
  }, { signal });
  explorer.show(() => {
    seed.value = String(explorer.seed);
    drawAll(generate(model, { n: COUNT, key: key(explorer.seed), ...explorer.labels }).data);
  }, () => [explorer.seed, explorer.label]);
}
