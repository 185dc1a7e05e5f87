// Gated linear units. Dauphin, Fan, Auli and Grangier, Language Modeling with Gated Convolutional Networks (2017).
//
// f32_gate       y = a s, where s = sigmoid(b)
// f32_gate_bwd   da = dy s, db = dy a s (1 - s)
//
// Shapes: y, dy [rows, columns]; a, b, da, db likewise, but their rows are `stride` floats apart: 2 columns where one
// matrix has both side by side, [a, b] per row, as one product leaves them; columns where they are two matrices.
// Aliasing: da may be a and db may be b; where the stride is columns, y may be a or b, and da and db any of a, b and dy.
// Errors: y and da 3e-7 of themselves, db 5e-7, for |b| <= 87; beyond it s and 1 - s saturate at 1.2e-38 in place of 0.
// Rows are split over the parts or, where the stride is columns, elements.
// deno-fmt-ignore-file: fmt drops @inline

import { begin, bytes, loadUpTo, storeUpTo } from "./lanes";
import { sigmoid, sigmoidSlope } from "./math";

export function f32_gate(
  part: i32, parts: i32, a: usize, b: usize, stride: i32, y: usize, rows: i32, columns: i32,
): void {
  const whole = stride == columns, n = whole ? rows * columns : columns;
  const j0 = whole ? begin(n, 16, part, parts) : 0, j1 = whole ? begin(n, 16, part + 1, parts) : n;
  const r0 = whole ? 0 : begin(rows, 1, part, parts), r1 = whole ? 1 : begin(rows, 1, part + 1, parts);
  for (let r = r0; r < r1; r++) {
    const from = bytes(r) * stride, to = y + bytes(r) * columns;
    for (let j = j0; j < j1; j += 4) {
      const n = min(4, j1 - j), o = from + bytes(j);
      storeUpTo(to + bytes(j), f32x4.mul(loadUpTo(a + o, n), sigmoid(loadUpTo(b + o, n))), n);
    }
  }
}

export function f32_gate_bwd(
  part: i32, parts: i32, dy: usize, a: usize, b: usize, stride: i32, da: usize, db: usize, rows: i32, columns: i32,
): void {
  const whole = stride == columns, n = whole ? rows * columns : columns;
  const j0 = whole ? begin(n, 16, part, parts) : 0, j1 = whole ? begin(n, 16, part + 1, parts) : n;
  const r0 = whole ? 0 : begin(rows, 1, part, parts), r1 = whole ? 1 : begin(rows, 1, part + 1, parts);
  for (let r = r0; r < r1; r++) {
    const at = bytes(r) * stride, from = dy + bytes(r) * columns;
    for (let j = j0; j < j1; j += 4) {
      const n = min(4, j1 - j), o = at + bytes(j);
      const d = loadUpTo(from + bytes(j), n), x = loadUpTo(a + o, n), g = loadUpTo(b + o, n);
      storeUpTo(da + o, f32x4.mul(d, sigmoid(g)), n);
      storeUpTo(db + o, f32x4.mul(f32x4.mul(d, x), sigmoidSlope(g)), n);
    }
  }
}
