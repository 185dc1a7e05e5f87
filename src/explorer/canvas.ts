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
  const drawn = planes(data, shape, { scale: 1, gap: 0 }), { width, height } = drawn[0]!;
  const image = new ImageData(width, height),
    [red, green = red, blue = red] = drawn.map((plane) => plane.pixels) as [
      Uint8Array,
      ...Uint8Array[],
    ];
  for (let i = 0; i < red.length; i++) {
    image.data[4 * i] = red[i]!;
    image.data[4 * i + 1] = green[i]!;
    image.data[4 * i + 2] = blue[i]!;
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Draws one example on a canvas, a pixel a value. */
export function draw(canvas: HTMLCanvasElement, data: Float32Array, shape: Shape): void {
  resize(canvas, shape.width, shape.height);
  context(canvas).putImageData(pixels(data, shape), 0, 0);
}

/**
 * Fills an element with buttons that have an example's picture each.
 *
 * @param into The element; what is in it goes.
 * @param names What the buttons are called for those who do not see them.
 * @param shape The examples' shape.
 * @param pressed Called with the place of the button that is pressed.
 * @returns Draws examples, as many as there are buttons.
 */
export function pictureButtons(
  into: HTMLElement,
  names: readonly string[],
  shape: Shape,
  pressed: (i: number) => void,
): (data: Float32Array) => void {
  const canvases = names.map(() => document.createElement("canvas"));
  into.replaceChildren(...names.map((name, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "picture";
    button.ariaLabel = name;
    button.append(canvases[i]!);
    button.addEventListener("click", () => pressed(i));
    return button;
  }));
  return (data) => {
    const size = data.length / canvases.length;
    canvases.forEach((canvas, i) => draw(canvas, data.subarray(i * size, (i + 1) * size), shape));
  };
}
