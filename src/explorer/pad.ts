import { context, resize } from "./canvas.ts";
import type { Shape } from "../edge/shape.ts";
import type { Ink } from "./fit_ink.ts";
import { ARROWS, onDrag } from "./pointing.ts";

/** Pixels of the longer side, and of the brush: two to three of an MNIST image. */
const SIDE = 280, BRUSH = 24;
/** Pixels that an arrow key moves the pen. */
const STEP = 10;

/** A canvas to draw on, white on black, by pointer or by keys. */
export type Pad = {
  clear(): void;
  /** Puts a picture there, as large as it fits. */
  put(picture: ImageBitmap): void;
  /** What is on it: a plane for gray, three for color. */
  inks(): Ink[];
};

/**
 * Makes a canvas a pad.
 *
 * @param canvas The canvas, which can have the focus.
 * @param pen What shows where the pen is, for keys: arrows move it, the space bar sets it down and lifts it.
 * @param shape What the drawing is for.
 * @param signal Ends it.
 * @param drawn Called after each stroke and each picture.
 */
export function pad(
  canvas: HTMLCanvasElement,
  pen: HTMLElement,
  { width, height, channels }: Shape,
  signal: AbortSignal,
  drawn: () => void,
): Pad {
  const scale = SIDE / Math.max(width, height), w = Math.ceil(width * scale), h = Math.ceil(height * scale);
  resize(canvas, w, h);
  const paper = context(canvas);
  let x = w / 2, y = h / 2, down = false;

  const clear = () => {
    paper.fillStyle = "black";
    paper.fillRect(0, 0, w, h);
    down = false;
  };
  const line = (toX: number, toY: number) => {
    paper.strokeStyle = "white";
    Object.assign(paper, { lineWidth: BRUSH, lineCap: "round", lineJoin: "round" });
    paper.beginPath();
    paper.moveTo(x, y);
    // A line of no length is not drawn at all, and one of a thousandth of a pixel is a dot.
    paper.lineTo(toX + 1e-3, toY);
    paper.stroke();
    drawn();
  };
  const go = (toX: number, toY: number) => {
    if (down) line(toX, toY);
    [x, y] = [toX, toY];
    pen.style.left = `${100 * x / w}%`;
    pen.style.top = `${100 * y / h}%`;
    pen.classList.toggle("down", down);
  };
  const lift = () => {
    down = false;
    go(x, y);
  };

  onDrag(canvas, signal, (across, along, setDown) => {
    const to = [across * w, along * h] as const;
    if (setDown) [x, y, down] = [...to, true];
    go(...to); // at first a dot
  });
  canvas.addEventListener("lostpointercapture", lift, { signal });
  canvas.addEventListener("blur", lift, { signal });
  canvas.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (event.key === " ") down = !down;
    else if (!way) return;
    const [dx, dy] = way ?? [0, 0];
    go(Math.max(0, Math.min(w, x + STEP * dx)), Math.max(0, Math.min(h, y + STEP * dy)));
    event.preventDefault(); // the page would scroll
  }, { signal });

  clear();
  go(x, y);
  return {
    clear() {
      clear();
      go(w / 2, h / 2);
    },
    put(picture) {
      clear();
      const fit = Math.min(w / picture.width, h / picture.height),
        wide = picture.width * fit,
        high = picture.height * fit;
      paper.drawImage(picture, (w - wide) / 2, (h - high) / 2, wide, high);
      drawn();
    },
    inks() {
      const { data } = paper.getImageData(0, 0, w, h);
      const plane = (of: (i: number) => number) => Float32Array.from({ length: w * h }, (_, i) => of(4 * i) / 255);
      if (channels === 3) return [0, 1, 2].map((c) => ({ values: plane((i) => data[i + c]!), width: w, height: h }));
      // Gray as eyes see it (ITU-R BT.601).
      const gray = (i: number) => 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!;
      return [{ values: plane(gray), width: w, height: h }];
    },
  };
}
