import { gate, gateBackward, gateBy, gateByBackward } from "../../src/kernels/gate.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { SIMD } from "./builds.ts";
import { distance, SerialRuntime, slopes } from "./serial_runtime.ts";

const B = 37, N = 23;

/** a and b in float64, and both as one matrix. */
function operands() {
  const a = Float64Array.from(uniform(B * N, -3, 3, 1)), b = Float64Array.from(uniform(B * N, -5, 5, 2));
  const ab = Float64Array.from({ length: 2 * B * N }, (_, i) => {
    const r = Math.floor(i / (2 * N)), j = i % (2 * N);
    return j < N ? a[r * N + j] : b[r * N + j - N];
  });
  return { a, b, ab };
}

for (const simd of SIMD) {
  Deno.test(`a gate (${simd}) and its gradients are those of float64, of one matrix and of two`, () => {
    const rt = new SerialRuntime(simd), { a, b, ab } = operands(), dy = uniform(B * N, -1, 1, 3);
    const value = () => Float64Array.from(a, (a, i) => a / (1 + Math.exp(-b[i])));
    const loss = () => value().reduce((sum, y, i) => sum + y * dy[i], 0);
    const wantA = slopes(a, loss), wantB = slopes(b, loss);

    const pair = rt.put(B, 2 * N, ab), dyAt = rt.put(B, N, dy), y = rt.put(B, N);
    gate(rt, y, pair);
    assert(distance(rt.get(y), value()) < 3e-7);
    const dab = rt.put(B, 2 * N);
    gateBackward(rt, dab, dyAt, pair);
    const got = rt.get(dab), half = (from: number) => got.filter((_, i) => Math.floor(i % (2 * N) / N) === from);
    assert(distance(half(0), wantA) < 1e-6);
    assert(distance(half(1), wantB) < 1e-6);
    gateBackward(rt, pair, dyAt, pair);
    assertEquals(rt.get(pair), got);

    const [aAt, bAt, da, db] = [rt.put(B, N, a), rt.put(B, N, b), rt.put(B, N), rt.put(B, N)], other = rt.put(B, N);
    gateBy(rt, other, aAt, bAt);
    assertEquals(rt.get(other), rt.get(y));
    gateByBackward(rt, da, db, dyAt, aAt, bAt);
    assertEquals([rt.get(da), rt.get(db)], [half(0), half(1)]);
  });

  Deno.test(`a gate (${simd}) is open or shut for large b, and a NaN spoils its own element only`, () => {
    const rt = new SerialRuntime(simd), n = 7;
    const run = (a: number[], b: number[]) => {
      const y = rt.put(1, n), da = rt.put(1, n), db = rt.put(1, n), dy = rt.put(1, n, new Float32Array(n).fill(1));
      gateBy(rt, y, rt.put(1, n, a), rt.put(1, n, b));
      gateByBackward(rt, da, db, dy, rt.put(1, n, a), rt.put(1, n, b));
      return [y, da, db].map((m) => [...rt.get(m)]);
    };
    const [y, da, db] = run([5, 5, 5, 5, 5, 5, 5], [200, -200, 3e38, -3e38, Infinity, -Infinity, 0]);
    y.forEach((v, i) => assertAlmostEquals(v, [5, 0, 5, 0, 5, 0, 2.5][i], 1e-36));
    da.forEach((v, i) => assertAlmostEquals(v, [1, 0, 1, 0, 1, 0, 0.5][i], 1e-36));
    db.forEach((v, i) => assertAlmostEquals(v, i < 6 ? 0 : 1.25, 1e-36));
    for (let i = 0; i < n; i++) {
      const nan = Array.from({ length: n }, (_, k) => k === i ? NaN : 1), plain = Array(n).fill(1);
      for (const [a, b] of [[nan, plain], [plain, nan]]) {
        const [y, , db] = run(a, b);
        for (const values of [y, db]) {
          assertEquals(values.flatMap((v, k) => Number.isFinite(v) ? [] : [k]), [i]);
        }
      }
    }
  });
}
