import { context, pixels, resize } from "./canvas.ts";
import type { Explorer } from "./explorer.ts";

/** Pixels that the map has on a side, at most, and images. */
const PIXELS = 448, LEAST = 5, MOST = 15;
/** Milliseconds of a frame that may go into the map; the rest is for what is being dragged. */
const BUDGET = 5;

/**
 * Draws what a plane of codes stands for: images at the middles of equal squares, all other values those of the code that
 * is looked at. It grows row by row, over several frames if they have to be, and begins anew when it is no longer true.
 *
 * @param dimensions Which dimensions go across and up.
 * @param reach Their values go from -reach to reach.
 */
export function planeMap(
  explorer: Explorer,
  canvas: HTMLCanvasElement,
  dimensions: () => readonly [across: number, up: number],
  reach: number,
): void {
  const { shape: { height, width }, shape, signal } = explorer;
  const side = Math.max(LEAST, Math.min(MOST, Math.floor(PIXELS / Math.max(height, width))));
  resize(canvas, side * width, side * height);
  const at = (i: number) => reach * (2 * (i + 0.5) / side - 1);
  let row = side;

  const drawRow = () => {
    const [across, up] = dimensions(), { z } = explorer, codes = new Float32Array(side * z.length);
    for (let i = 0; i < side; i++) {
      codes.set(z, i * z.length);
      codes[i * z.length + across] = at(i);
      codes[i * z.length + up] = -at(row);
    }
    context(canvas).putImageData(pixels(explorer.means(codes), shape), 0, row * height);
    row++;
  };
  const grow = () => {
    if (signal.aborted || row === side) return;
    const start = performance.now();
    while (row < side && performance.now() - start < BUDGET) drawRow();
    requestAnimationFrame(grow);
  };
  explorer.show(() => {
    const idle = row === side;
    row = 0;
    if (idle) grow();
  }, () => {
    const [across, up] = dimensions();
    return [explorer.label, across, up, ...explorer.z.map((value, d) => d === across || d === up ? 0 : value)];
  });
}
