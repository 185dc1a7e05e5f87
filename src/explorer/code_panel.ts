import { priorCodes } from "../edge/prior.ts";
import { key } from "../random.ts";
import { draw } from "./canvas.ts";
import type { Explorer } from "./explorer.ts";
import { part } from "./part.ts";

/** Dimensions that have a slider at first. */
const FIRST = 10;
/** What sliders reach: standard deviations of the prior, beyond which are 3 of 1000 values. */
const REACH = 3, STEP = 0.05;

/** A slider for one dimension, which sets it and follows it. */
function slider(explorer: Explorer, d: number): HTMLElement {
  const row = document.createElement("label"), input = document.createElement("input");
  const name = document.createElement("span"), value = document.createElement("output");
  row.className = "slider";
  name.textContent = `z${d}`;
  row.title = `Var of E[z${d} | x]: ${explorer.variance[d]!.toFixed(3)}`;
  Object.assign(input, { type: "range", min: -REACH, max: REACH, step: STEP, id: `z${d}` });
  input.addEventListener("input", () => explorer.z = explorer.withValues(new Map([[d, input.valueAsNumber]])));
  row.append(name, input, value);
  explorer.show(() => {
    // A code may be further out than the slider, and between its steps: it stays what it is.
    input.value = String(explorer.z[d]);
    value.textContent = explorer.z[d]!.toFixed(2);
    input.ariaValueText = value.textContent;
  }, () => [explorer.z[d]]);
  return row;
}

/** The image of the code, and a slider for each of its most active dimensions. */
export function codePanel(explorer: Explorer): void {
  const { order, shape, signal } = explorer, image = part("image", HTMLCanvasElement);
  const sliders = part("sliders", HTMLDivElement), all = part("all", HTMLInputElement);
  const rows = order.map((d) => slider(explorer, d));
  sliders.replaceChildren(...rows);
  const choose = () => rows.forEach((row, i) => row.hidden = i >= FIRST && !all.checked);
  part("more", HTMLLabelElement).hidden = rows.length <= FIRST;
  all.addEventListener("change", choose, { signal });
  choose();
  part("zero", HTMLButtonElement).addEventListener("click", () => explorer.z = new Float32Array(order.length), {
    signal,
  });
  part("random", HTMLButtonElement).addEventListener("click", () => {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    explorer.z = priorCodes(explorer.model, 1, key(seed)).data;
  }, { signal });
  explorer.show(() => draw(image, explorer.means(explorer.z), shape), () => [explorer.z, explorer.label]);
}
