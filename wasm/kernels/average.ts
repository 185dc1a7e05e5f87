// f32_average: newAverage = average + rate (x - average), an exponential moving average that decays by 1 - rate.
//
// In this form the average of what no longer changes ends at that very number; with a rounded decay and a rounded rate
// that do not add up to 1 it would not. All [n]; newAverage may be average. Elements are split over the parts.
// Error: 2^-24 of |newAverage| + 3 |rate (x - average)|.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadTail, storeTail } from "./lanes";

@inline
function toward(average: v128, x: v128, rate: v128): v128 {
  return f32x4.add(average, f32x4.mul(rate, f32x4.sub(x, average)));
}

export function f32_average(
  part: i32, parts: i32, average: usize, x: usize, newAverage: usize, n: i32, rate: f32,
): void {
  const r = f32x4.splat(rate), end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 4; i += 4) {
    const o = bytes(i);
    v128.store(newAverage + o, toward(v128.load(average + o), v128.load(x + o), r));
  }
  if (i < end) {
    const o = bytes(i), k = end - i;
    storeTail(newAverage + o, toward(loadTail(average + o, k), loadTail(x + o, k), r), k);
  }
}
