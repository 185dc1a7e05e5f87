import { planes } from "../edge/planes.ts";
import type { Shape } from "../edge/shape.ts";

/** A canvas's context for pixels. */
export function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const found = canvas.getContext("2d", { willReadFrequently: true });
  if (!found) throw new Error("This browser does not draw on canvases");
  return found;
}

/** Sets a canvas's size in pixels; setting it to what it is would erase it. */
export function resize(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Examples beside each other as pixels that a canvas takes; 0 is black, 1 is white. */
export function pixels(data: Float32Array, shape: Shape): ImageData {
  const drawn = planes(data, shape, { scale: 1, gap: 0 }), [{ width, height }] = drawn;
  const image = new ImageData(width, height), [red, green = red, blue = red] = drawn.map((plane) => plane.pixels);
  for (let i = 0; i < red.length; i++) {
    image.data[4 * i] = red[i];
    image.data[4 * i + 1] = green[i];
    image.data[4 * i + 2] = blue[i];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Draws one example on a canvas, a pixel a value. */
export function draw(canvas: HTMLCanvasElement, data: Float32Array, shape: Shape): void {
  resize(canvas, shape.width, shape.height);
  context(canvas).putImageData(pixels(data, shape), 0, 0);
}

/** A canvas that a button has in it, and the button. */
export function pictureButton(
  name: string,
  pressed: () => void,
): { button: HTMLButtonElement; canvas: HTMLCanvasElement } {
  const button = document.createElement("button"), canvas = document.createElement("canvas");
  button.type = "button";
  button.className = "picture";
  button.ariaLabel = name;
  button.append(canvas);
  button.addEventListener("click", pressed);
  return { button, canvas };
}
