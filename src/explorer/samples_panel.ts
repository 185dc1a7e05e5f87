import { generate } from "../edge/generate.ts";
import { priorCodes } from "../edge/prior.ts";
import { key } from "../random.ts";
import { natural } from "./address.ts";
import { draw, pictureButton } from "./canvas.ts";
import type { Explorer } from "./explorer.ts";
import { part } from "./part.ts";

/** How many samples are shown. */
const COUNT = 24;

/** Samples of the seed that is in the address; each of them can be taken as the code. */
export function samplesPanel(explorer: Explorer): void {
  const { model, shape, signal } = explorer, seed = part("seed", HTMLInputElement), D = model.config.input;
  const { latent: Z } = model.config;
  const take = (i: number) => explorer.z = priorCodes(model, COUNT, key(explorer.seed)).data.slice(i * Z, (i + 1) * Z);
  const samples = Array.from({ length: COUNT }, (_, i) => pictureButton(`Sample ${i + 1}`, () => take(i)));
  part("samples", HTMLDivElement).replaceChildren(...samples.map(({ button }) => button));
  seed.addEventListener("change", () => explorer.seed = natural(seed.value), { signal });
  part("next", HTMLButtonElement).addEventListener("click", () => {
    explorer.seed = explorer.seed < Number.MAX_SAFE_INTEGER ? explorer.seed + 1 : 0;
  }, { signal });
  explorer.show(() => {
    seed.value = String(explorer.seed);
    const { data } = generate(model, { n: COUNT, key: key(explorer.seed), ...explorer.labels });
    samples.forEach(({ canvas }, i) => draw(canvas, data.subarray(i * D, (i + 1) * D), shape));
  }, () => [explorer.seed, explorer.label]);
}
