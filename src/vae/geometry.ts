import { halving } from "../layers/conv.ts";
import type { Window } from "../kernels/patches.ts";
import type { Config } from "./config.ts";
import { LIKELIHOODS } from "./likelihood.ts";

/** A convolution: its window, whose image has `channels`, and the channels that come out. */
export type Down = { readonly window: Window; readonly channels: number; readonly out: number };

/** A transposed convolution from `from` channels to those of its window's image. */
export type Up = { readonly window: Window; readonly channels: number; readonly from: number };

/** How the sizes of images follow each other through the convolutions. */
export type Geometry = {
  readonly down: readonly Down[];
  /** Values of an example after the encoder's convolutions. */
  readonly flat: number;
  /** Values from which the decoder's convolutions start; 0 where there are none. */
  readonly seed: number;
  /** The last one makes the output. */
  readonly up: readonly Up[];
};

const geometries = new WeakMap<Config, Geometry>();

/** The convolutions of a model. */
export function geometry(config: Config): Geometry {
  const known = geometries.get(config);
  if (known) return known;
  const { image = [1, config.input, 1] as const, encoder, decoder, likelihood } = config;
  const down = halvings(image, [image[2], ...encoder.channels]).map(({ window, next }) => ({
    ...{ window, channels: window.channels, out: next },
  }));
  const last = down.at(-1), flat = last ? last.window.outHeight * last.window.outWidth * last.out : config.input;
  // From the output back to the code: the adjoint of as many halvings, each with the channels that it gives.
  const outputs = image[2] * LIKELIHOODS[likelihood].outputs, back = [...decoder.channels].reverse();
  const up = halvings(image, [outputs, ...back]).map(({ window, next }) => ({
    ...{ window, channels: window.channels, from: next },
  })).reverse();
  const seed = up.length > 0 ? up[0]!.window.outHeight * up[0]!.window.outWidth * up[0]!.from : 0;
  const made = { down, flat, seed, up };
  geometries.set(config, made);
  return made;
}

/** The windows that halve an image again and again; channels of the image, then those after each halving. */
function halvings(
  [height, width]: readonly [height: number, width: number, ...number[]],
  channels: readonly number[],
): { readonly window: Window; readonly next: number }[] {
  return channels.slice(1).map((next, i) => {
    const window = halving(height, width, channels[i]!);
    [height, width] = [window.outHeight, window.outWidth];
    return { window, next };
  });
}

/** E: how many values a label adds to what goes into encoder and decoder. */
export function conditionWidth({ classes, embedding }: Config): number {
  return embedding || classes;
}
