import { parseText } from "../metadata.ts";
import type { Model } from "./model.ts";

/** Height, width and channels, 1 or 3, of an example as it is seen; values are in that order, row-major. */
export type Shape = { readonly height: number; readonly width: number; readonly channels: 1 | 3 };

/** The shape of a model's examples as far as it is known: that of its images, or how many values they have. */
export function knownShape({ config, metadata }: Pick<Model, "config" | "metadata">): number[] {
  const found = noted(metadata, config.input);
  return config.image ? [...config.image] : found ? [found.height, found.width, found.channels] : [config.input];
}

/** Height and width as `deno task train` noted them; undefined where it did not, or where they do not fit. */
function noted(metadata: Model["metadata"], input: number): Shape | undefined {
  try {
    const { height, width } = parseText(metadata.training ?? "{}") as Shape;
    if (Number.isInteger(height) && Number.isInteger(width) && height > 0 && height * width === input) {
      return { height, width, channels: 1 };
    }
  } catch { /* Whoever wrote that meant something else. */ }
}

/**
 * The shape of a model's examples: that of its convolutions, else what the file says of its training, else a square, gray
 * or in color. What is none of these is shown as one row of values.
 */
export function shapeOf({ config, metadata }: Pick<Model, "config" | "metadata">): Shape {
  const { input, image } = config;
  if (image) {
    const [height, width, channels] = image;
    if (channels === 1 || channels === 3) return { height, width, channels };
    return { height, width: width * channels, channels: 1 };
  }
  const found = noted(metadata, input);
  if (found) return found;
  for (const channels of [1, 3] as const) {
    const side = Math.sqrt(input / channels);
    if (Number.isInteger(side)) return { height: side, width: side, channels };
  }
  return { height: 1, width: input, channels: 1 };
}
