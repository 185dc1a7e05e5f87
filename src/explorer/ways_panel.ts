import { priorCodes } from "../edge/prior.ts";
import { key } from "../random.ts";
import { type Interpolation, ways } from "../vae/ways.ts";
import { pictureButtons } from "./canvas.ts";
import type { Explorer } from "./explorer.ts";
import { part } from "./part.ts";

/** Images on the way, and steps of the slider. */
const IMAGES = 9, STEPS = 101;

/** From one code to another: a slider along the way, and some images of it. */
export function waysPanel(explorer: Explorer): void {
  const { model, shape, signal } = explorer, Z = model.config.latent;
  const along = part("along", HTMLInputElement), method = part("method", HTMLSelectElement);
  // The first two samples of the seed that the page begins with.
  const { data: first } = priorCodes(model, 2, key(explorer.seed));
  const ends: [from: Float32Array, to: Float32Array] = [first.slice(0, Z), first.slice(Z)];
  const on = (steps: number) =>
    ways(ends[0], ends[1], { rows: 1, cols: Z, steps, method: method.value as Interpolation });
  const take = (i: number, steps: number) => explorer.z = on(steps).slice(i * Z, (i + 1) * Z);

  const names = Array.from({ length: IMAGES }, (_, i) => `Image ${i + 1} of ${IMAGES} on the way`);
  const drawAll = pictureButtons(part("way", HTMLDivElement), names, shape, (i) => {
    along.value = String(i / (IMAGES - 1));
    take(i, IMAGES);
  });
  along.value = "0";
  along.addEventListener("input", () => take(Math.round(along.valueAsNumber * (STEPS - 1)), STEPS), { signal });
  method.addEventListener("change", () => explorer.refresh(), { signal });
  ["from", "to"].forEach((id, end) =>
    part(id, HTMLButtonElement).addEventListener("click", () => {
      ends[end] = explorer.z;
      explorer.refresh();
    }, { signal })
  );
  explorer.show(() => drawAll(explorer.means(on(IMAGES))), () => [explorer.label, method.value, ...ends]);
}
