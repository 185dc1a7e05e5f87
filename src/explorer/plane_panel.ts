import type { Explorer } from "./explorer.ts";
import { part } from "./part.ts";
import { planeMap } from "./plane_map.ts";
import { ARROWS, onDrag } from "./pointing.ts";

/** What the plane reaches on both axes, in standard deviations of the prior. */
const REACH = 3;
/** How far a key goes, and with shift. */
const STEP = 0.1, FAR = 0.5;

const clamp = (value: number) => Math.max(-REACH, Math.min(REACH, value));

/** Two dimensions as a plane to be dragged over, in front of what each place of it stands for. */
export function planePanel(explorer: Explorer): void {
  const { order, signal } = explorer, plane = part("plane", HTMLDivElement), handle = part("handle", HTMLDivElement);
  const axes = [part("across", HTMLSelectElement), part("up", HTMLSelectElement)] as const;
  part("plane-panel", HTMLElement).hidden = order.length < 2;
  if (order.length < 2) return;
  axes.forEach((axis, i) => {
    axis.replaceChildren(...order.map((d) => new Option(`z${d}`, String(d))));
    axis.value = String(order[i]);
    axis.addEventListener("change", () => explorer.refresh(), { signal });
  });
  const dimensions = () => [Number(axes[0].value), Number(axes[1].value)] as const;
  const move = (x: number, y: number) => {
    const [across, up] = dimensions();
    explorer.z = explorer.withValues(new Map([[across, clamp(x)], [up, clamp(y)]]));
  };

  onDrag(plane, signal, (x, y) => move((2 * x - 1) * REACH, (1 - 2 * y) * REACH));
  plane.addEventListener("keydown", (event) => {
    const [across, up] = dimensions(), { z } = explorer, way = ARROWS[event.key], by = event.shiftKey ? FAR : STEP;
    if (way) move(z[across]! + by * way[0], z[up]! - by * way[1]);
    else if (event.key === "Home") move(0, 0);
    else return;
    event.preventDefault(); // the page would scroll
  }, { signal });

  explorer.show(() => {
    const [across, up] = dimensions(), x = explorer.z[across]!, y = explorer.z[up]!;
    handle.style.left = `${50 + 50 * clamp(x) / REACH}%`;
    handle.style.top = `${50 - 50 * clamp(y) / REACH}%`;
    plane.ariaLabel = `z${across} ${x.toFixed(1)}, z${up} ${y.toFixed(1)}; arrow keys move it`;
  }, () => [explorer.z, ...dimensions()]);
  planeMap(explorer, part("map", HTMLCanvasElement), dimensions, REACH);
}
