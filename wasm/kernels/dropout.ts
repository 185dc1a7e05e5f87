// f32_dropout: y[i] = x[i] m[i] / (1 - p), with m[i] = 1 where element i of f32_uniform on [0, 1) with the same key is p
// or more, else 0. Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014), scaled in
// training, so that nothing is left to do in inference. The backward pass is the same call: dx[i] = dy[i] m[i] / (1 - p).
//
// Shapes: x, y [n]; y may be x. p in [0, 1), n below 2^31. What is dropped is multiplied by 0: a NaN or an infinity
// gives NaN there too, so that it shows at any key. Error: 2e-7 of |x| / (1 - p). Elements are split over the parts.
// deno-fmt-ignore-file: fmt would break the signature's lines

import { begin, bytes, loadTail, storeTail } from "./lanes";
import { draw, unit } from "./threefry";

export function f32_dropout(
  part: i32, parts: i32, key0: i32, key1: i32, p: f32, x: usize, y: usize, n: i32,
): void {
  const drop = f32x4.splat(p), factor = f32x4.splat(<f32> 1 / (1 - p)), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const m = v128.and(f32x4.ge(unit(draw(key0, key1, i)), drop), factor);
    v128.store(y + bytes(i), f32x4.mul(v128.load(x + bytes(i)), m));
  }
  if (i < end) {
    const m = v128.and(f32x4.ge(unit(draw(key0, key1, i)), drop), factor), k = end - i;
    storeTail(y + bytes(i), f32x4.mul(loadTail(x + bytes(i), k), m), k);
  }
}
