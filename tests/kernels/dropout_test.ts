import { drawUniform } from "../../src/kernels/draw.ts";
import { dropout } from "../../src/kernels/dropout.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { SIMD } from "./builds.ts";
import { SerialRuntime } from "./serial_runtime.ts";

const KEY = [7, 9] as const;

for (const simd of SIMD) {
  Deno.test(`dropout (${simd}) drops what drawUniform draws below p, and scales the rest`, () => {
    const rt = new SerialRuntime(simd), n = 10_007, u = rt.put(1, n), y = rt.put(1, n);
    const x = rt.put(1, n, new Float32Array(n).fill(3));
    drawUniform(rt, u, KEY, 0, 1);
    for (const p of [0, 0.25, 0.5, 0.9]) {
      dropout(rt, y, x, KEY, p);
      const draws = rt.get(u), scaled = Math.fround(3 * Math.fround(1 / (1 - Math.fround(p))));
      assertEquals([...rt.get(y)], [...draws].map((u) => u >= Math.fround(p) ? scaled : 0));
      const mean = rt.get(y).reduce((sum, y) => sum + y, 0) / n;
      assertAlmostEquals(mean, 3, 5 * 3 * Math.sqrt(p / (1 - p) / n) + 1e-6); // five standard errors
    }
  });

  Deno.test(`dropout (${simd}) has the same mask in both directions, in place and apart, for any shape`, () => {
    const rt = new SerialRuntime(simd), n = 999, ones = new Float32Array(n).fill(1);
    const y = rt.put(27, 37), dx = rt.put(1, n, ones);
    dropout(rt, y, rt.put(27, 37, ones), KEY, 0.3);
    dropout(rt, dx, dx, KEY, 0.3);
    assertEquals(rt.get(y), rt.get(dx));
    const other = rt.put(1, n);
    dropout(rt, other, rt.put(1, n, ones), [7, 10], 0.3);
    assert(rt.get(other).some((v, i) => v !== rt.get(y)[i]));
  });

  Deno.test(`dropout (${simd}) shows a NaN and an infinity, kept or dropped, and nowhere else`, () => {
    const rt = new SerialRuntime(simd), n = 19;
    for (let i = 0; i < n; i++) {
      for (const special of [NaN, Infinity]) {
        const y = rt.put(1, n), x = rt.put(1, n, Array.from({ length: n }, (_, k) => k === i ? special : 1));
        dropout(rt, y, x, KEY, 0.5);
        assertEquals([...rt.get(y)].flatMap((v, k) => Number.isFinite(v) ? [] : [k]), [i]);
      }
    }
  });
}
