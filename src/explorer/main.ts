/** The latent explorer's page: opens a model, and shows its panels. */
import { load, type Model } from "../edge/model.ts";
import { priorCodes } from "../edge/prior.ts";
import { key } from "../random.ts";
import { readAddress, withAddress } from "./address.ts";
import { codePanel } from "./code_panel.ts";
import { drawingPanel } from "./drawing_panel.ts";
import { Explorer } from "./explorer.ts";
import { part } from "./part.ts";
import { planePanel } from "./plane_panel.ts";
import { samplesPanel } from "./samples_panel.ts";
import { waysPanel } from "./ways_panel.ts";

const about = part("about", HTMLParagraphElement), label = part("label", HTMLSelectElement);
const file = part("file", HTMLInputElement),
  panels = part("panels", HTMLElement),
  error = part("error", HTMLParagraphElement);

/** The kernels, which the page has in it. Those without relaxed SIMD, so that equal seeds are equal pictures everywhere. */
const wasm = WebAssembly.compile(
  Uint8Array.from(atob(document.getElementById("kernels")!.textContent!.trim()), (letter) => letter.charCodeAt(0)),
);

let shown: AbortController | undefined, explorer: Explorer | undefined;
let opened = 0, description = "Open a model to explore it: a safetensors file that elbo wrote.";

/** Says what went wrong; nothing takes it back. */
function tell(message: string): void {
  error.textContent = message;
  error.hidden = message === "";
}

/** Opens a model in place of the one that is there, which stays if that fails, or if another one is opened meanwhile. */
async function open(name: string, source: Promise<Response> | Blob): Promise<void> {
  const mine = ++opened;
  try {
    tell("");
    about.textContent = `Loading ${name} …`;
    const model = await load(source, { wasm });
    if (mine === opened) show(name, model);
  } catch (cause) {
    if (mine === opened) tell(`${name}: ${(cause as Error).message}`);
  }
  if (mine === opened) about.textContent = description;
}

/** Looks at what the address says. */
function follow(explorer: Explorer): void {
  const { seed, label } = readAddress(location.hash);
  explorer.seed = seed;
  explorer.label = label;
}

function show(name: string, model: Model): void {
  const controller = new AbortController(), { config: { input, latent, classes, likelihood } } = model;
  const next = new Explorer(model, controller.signal);
  // From here on nothing throws but what is a mistake of this page's.
  shown?.abort();
  [shown, explorer] = [controller, next];
  follow(next);
  next.z = priorCodes(model, 1, key(next.seed)).data; // the first sample
  part("conditional", HTMLLabelElement).hidden = classes === 0;
  label.replaceChildren(...next.seen.map((c) => new Option(String(c), String(c))));
  panels.hidden = false;
  codePanel(next);
  planePanel(next);
  drawingPanel(next, tell);
  waysPanel(next);
  samplesPanel(next);
  next.show(() => {
    label.value = String(next.label);
    const values = { seed: next.seed, ...classes > 0 && { label: next.label } };
    history.replaceState(null, "", withAddress(location.hash, values));
  }, () => [next.seed, next.label]);
  description = `${name}: ${input} values, ${likelihood}; ${latent} ${latent === 1 ? "dimension" : "dimensions"}` +
    `${classes > 0 ? `, ${next.seen.length} classes` : ""}; ${(model.bytes / 1e6).toFixed(1)} MB`;
}

label.addEventListener("change", () => {
  if (explorer) explorer.label = Number(label.value);
});
addEventListener("hashchange", () => {
  if (explorer) follow(explorer);
});
file.addEventListener("change", () => {
  const [chosen] = file.files ?? [];
  file.value = ""; // so that the same file can be chosen again
  if (chosen) open(chosen.name, chosen);
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const dropped = event.dataTransfer?.files[0];
  if (dropped) open(dropped.name, dropped);
});

const { model } = readAddress(location.hash);
open(model, fetch(model));
