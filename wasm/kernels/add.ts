// f32_add: out = a + b, element by element: residual connections, and gradients that meet.
//
// Shapes: all [n]; out may be a, b or both. Error: none but the rounding of the sum, 2^-24 of itself. Elements are split
// over the parts.
// deno-fmt-ignore-file: fmt would break the signature's line

import { begin, bytes, loadTail, storeTail } from "./lanes";

export function f32_add(part: i32, parts: i32, a: usize, b: usize, out: usize, n: i32): void {
  const end = begin(n, 16, part + 1, parts);
  let i = begin(n, 16, part, parts);
  for (; i <= end - 16; i += 16) {
    const p = a + bytes(i), q = b + bytes(i), to = out + bytes(i);
    const s0 = f32x4.add(v128.load(p), v128.load(q)), s1 = f32x4.add(v128.load(p, 16), v128.load(q, 16));
    const s2 = f32x4.add(v128.load(p, 32), v128.load(q, 32)), s3 = f32x4.add(v128.load(p, 48), v128.load(q, 48));
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
  for (; i <= end - 4; i += 4) v128.store(out + bytes(i), f32x4.add(v128.load(a + bytes(i)), v128.load(b + bytes(i))));
  if (i < end) {
    const k = end - i;
    storeTail(out + bytes(i), f32x4.add(loadTail(a + bytes(i), k), loadTail(b + bytes(i), k)), k);
  }
}
