// Images enlarged by nearest neighbours, and the adjoint of that.
//
// f32_upsample       y[b, oy, ox, c] = x[b, floor(oy / factorHeight), floor(ox / factorWidth), c]
// f32_upsample_bwd   dx[b, iy, ix, c] = sum over ky < factorHeight, kx < factorWidth of
//                    dy[b, iy factorHeight + ky, ix factorWidth + kx, c], by ky and then by kx
//
// Shapes: x, dx [batch, height, width, channels]; y, dy [batch, height factorHeight, width factorWidth, channels]; all
// positive. Aliasing: none. Errors: none in y; in dx 2^-24 n sum |terms|, where n = factorHeight factorWidth counts the
// terms. The pixels of x are split over the parts, and no sum is.
// deno-fmt-ignore-file: fmt would break the signatures' lines

import { copyRow } from "./columns";
import { begin, bytes } from "./lanes";
import { gather } from "./patches";

export function f32_upsample(
  part: i32, parts: i32, x: usize, y: usize, batch: i32, height: i32, width: i32, channels: i32, factorHeight: i32,
  factorWidth: i32,
): void {
  const pixels = batch * height * width, pixel = bytes(channels), line = pixel * width * factorWidth;
  for (let p = begin(pixels, 16, part, parts), end = begin(pixels, 16, part + 1, parts); p < end; p++) {
    const from = x + pixel * p;
    let to = y + line * (p / width * factorHeight) + pixel * (p % width * factorWidth);
    for (let ky = 0; ky < factorHeight; ky++) {
      for (let kx = 0; kx < factorWidth; kx++) copyRow(from, to + pixel * kx, channels);
      to += line;
    }
  }
}

export function f32_upsample_bwd(
  part: i32, parts: i32, dy: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, factorHeight: i32,
  factorWidth: i32,
): void {
  const pixels = batch * height * width, pixel = bytes(channels), line = pixel * width * factorWidth;
  for (let p = begin(pixels, 16, part, parts), end = begin(pixels, 16, part + 1, parts); p < end; p++) {
    const from = dy + line * (p / width * factorHeight) + pixel * (p % width * factorWidth);
    gather(from, factorHeight, line, factorWidth, pixel, dx + pixel * p, 0, 0, channels);
  }
}
