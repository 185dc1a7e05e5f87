import { encode } from "../edge/infer.ts";
import { context, draw, resize } from "./canvas.ts";
import type { Explorer } from "./explorer.ts";
import { fitInk, type Ink, scaleInk } from "./fit_ink.ts";
import { pad } from "./pad.ts";
import { part } from "./part.ts";

/** Draw or upload an example: what the model sees of it, its reconstruction and its code. */
export function drawingPanel(explorer: Explorer, tell: (message: string) => void): void {
  const { shape, signal, model } = explorer, upload = part("upload", HTMLInputElement);
  const invert = part("invert", HTMLInputElement), center = part("center", HTMLInputElement);
  const use = part("use", HTMLButtonElement), results = part("results", HTMLDivElement);
  // Counts changes of what is drawn; without ink there is nothing to encode.
  let version = 0, inked = false, code: Float32Array | undefined;
  const change = () => {
    version++;
    explorer.refresh();
  };
  const paper = pad(part("pad", HTMLCanvasElement), part("pen", HTMLDivElement), shape, signal, () => {
    inked = true;
    change();
  });
  // Digits are gray; pictures in color, and of other proportions, are no digits.
  center.checked = shape.channels === 1 && shape.width === shape.height;
  part("centering", HTMLLabelElement).hidden = shape.channels !== 1;
  invert.checked = false;

  const show = () => {
    const x = example(paper.inks(), center.checked && shape.channels === 1 ? fitInk : scaleInk, invert.checked, shape);
    const { mean, logVar } = encode(model, x, explorer.labels);
    code = mean.data;
    draw(part("seen", HTMLCanvasElement), x, shape);
    draw(part("reconstruction", HTMLCanvasElement), explorer.means(code), shape);
    bars(part("bars", HTMLCanvasElement), code, logVar.data);
    part("numbers", HTMLParagraphElement).textContent = [...code].map((value) => value.toFixed(2)).join(" ");
  };
  explorer.show(() => {
    results.hidden = use.disabled = !inked;
    if (inked) show();
  }, () => [version, explorer.label]);

  for (const choice of [invert, center]) choice.addEventListener("change", change, { signal });
  part("clear", HTMLButtonElement).addEventListener("click", () => {
    paper.clear();
    inked = false;
    change();
  }, { signal });
  use.addEventListener("click", () => {
    if (code) explorer.z = code;
  }, { signal });
  upload.addEventListener("change", async () => {
    const [file] = upload.files ?? [];
    upload.value = ""; // so that the same file can be chosen again
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      paper.put(picture);
      picture.close();
    } catch {
      tell(`Cannot read ${file.name}: expected a picture, such as PNG or JPEG, got ${file.type || "another file"}`);
    }
  }, { signal });
}

/** A drawing as an example, its channels next to each other. */
function example(
  inks: readonly Ink[],
  fit: typeof fitInk,
  inverted: boolean,
  shape: Explorer["shape"],
): Float32Array {
  const planes = inks.map((ink) =>
    fit(inverted ? { ...ink, values: ink.values.map((value) => 1 - value) } : ink, shape)
  );
  const x = new Float32Array(planes.length * planes[0]!.length);
  planes.forEach((plane, c) => plane.forEach((value, i) => x[i * planes.length + c] = value));
  return x;
}

/** Draws a code: a bar from 0 to the mean of each dimension, a line for a standard deviation each way. */
function bars(canvas: HTMLCanvasElement, mean: Float32Array, logVar: Float32Array): void {
  const [width, height, reach] = [Math.max(200, 8 * mean.length), 96, 4], bar = width / mean.length;
  resize(canvas, width, height);
  const paper = context(canvas), y = (value: number) => height * (0.5 - 0.5 * value / reach);
  paper.clearRect(0, 0, width, height);
  paper.fillStyle = "#8888";
  paper.fillRect(0, height / 2, width, 1);
  mean.forEach((value, d) => {
    const x = d * bar, spread = Math.exp(logVar[d]! / 2);
    paper.fillStyle = "#4a7dc9";
    paper.fillRect(x + 0.15 * bar, Math.min(y(value), y(0)), 0.7 * bar, Math.abs(y(value) - y(0)));
    paper.fillStyle = "#888";
    paper.fillRect(x + bar / 2 - 0.5, y(value + spread), 1, y(value - spread) - y(value + spread));
  });
}
