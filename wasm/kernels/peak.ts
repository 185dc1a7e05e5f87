// What the benches measure shares of: the multiply-adds that one core can do. Not a kernel of the library: it stands in a
// binary of its own, bench/bin/peak.wasm.
//
// Twelve sums that do not wait for each other: more than the eight multiply-adds in flight (4 cycles each, two start in a
// cycle), and with both factors no more than the fifteen registers that V8 leaves. No loads: Deno checks the bounds of each.

/** Flops of one turn of the loop: 24 multiply-adds of 4 lanes. */
export const FLOPS: i32 = 24 * 4 * 2;

/** c = x y + c, `turns` times 24. The sum is returned so that none of it is idle work. */
export function peak(turns: i32, x: f32, y: f32): f32 {
  const a = f32x4.splat(x), b = f32x4.splat(y);
  let c0 = b, c1 = b, c2 = b, c3 = b, c4 = b, c5 = b, c6 = b, c7 = b, c8 = b, c9 = b, c10 = b, c11 = b;
  for (let i = 0; i < turns; i++) {
    c0 = f32x4.relaxed_madd(a, b, c0);
    c1 = f32x4.relaxed_madd(a, b, c1);
    c2 = f32x4.relaxed_madd(a, b, c2);
    c3 = f32x4.relaxed_madd(a, b, c3);
    c4 = f32x4.relaxed_madd(a, b, c4);
    c5 = f32x4.relaxed_madd(a, b, c5);
    c6 = f32x4.relaxed_madd(a, b, c6);
    c7 = f32x4.relaxed_madd(a, b, c7);
    c8 = f32x4.relaxed_madd(a, b, c8);
    c9 = f32x4.relaxed_madd(a, b, c9);
    c10 = f32x4.relaxed_madd(a, b, c10);
    c11 = f32x4.relaxed_madd(a, b, c11);
    c0 = f32x4.relaxed_madd(a, b, c0);
    c1 = f32x4.relaxed_madd(a, b, c1);
    c2 = f32x4.relaxed_madd(a, b, c2);
    c3 = f32x4.relaxed_madd(a, b, c3);
    c4 = f32x4.relaxed_madd(a, b, c4);
    c5 = f32x4.relaxed_madd(a, b, c5);
    c6 = f32x4.relaxed_madd(a, b, c6);
    c7 = f32x4.relaxed_madd(a, b, c7);
    c8 = f32x4.relaxed_madd(a, b, c8);
    c9 = f32x4.relaxed_madd(a, b, c9);
    c10 = f32x4.relaxed_madd(a, b, c10);
    c11 = f32x4.relaxed_madd(a, b, c11);
  }
  const left = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  const right = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11));
  return f32x4.extract_lane(f32x4.add(left, right), 0);
}
