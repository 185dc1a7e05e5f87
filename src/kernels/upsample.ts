import { f32_upsample, f32_upsample_bwd } from "./bindings.ts";
import { type Matrix, size } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** By how much images are enlarged: each pixel becomes `factorHeight` x `factorWidth` pixels, both 1 or more. */
export type Enlargement = {
  /** Of the small image. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly factorHeight: number;
  readonly factorWidth: number;
};

/** y [B, FH H, FW W, C] = the pixels of x [B, H, W, C], each repeated: nearest neighbours. y and x are apart. */
export function upsample(rt: Runtime, y: Matrix, x: Matrix, enlargement: Enlargement): void {
  rt.run(f32_upsample, rt.parts(size(y)), x.ptr, y.ptr, ...geometry(x, enlargement));
}

/** dx [B, H, W, C] = the sum over each pixel's copies of dy [B, FH H, FW W, C]. dx and dy are apart. */
export function upsampleBackward(rt: Runtime, dx: Matrix, dy: Matrix, enlargement: Enlargement): void {
  rt.run(f32_upsample_bwd, rt.parts(size(dy)), dy.ptr, dx.ptr, ...geometry(dx, enlargement));
}

/** The last arguments of both kernels, of which the first is the number of small images. */
function geometry(small: Matrix, { height, width, channels, factorHeight, factorWidth }: Enlargement) {
  const batch = size(small) / (height * width * channels);
  return [batch, height, width, channels, factorHeight, factorWidth] as const;
}
