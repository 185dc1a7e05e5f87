import type { Matrix } from "../../src/kernels/heap.ts";
import {
  type BatchNorm,
  batchNormBackward,
  batchNormForward,
  type BatchNormTape,
  EPSILON,
  MOMENTUM,
} from "../../src/layers/batch_norm.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { SIMD } from "../kernels/builds.ts";
import { distance, SerialRuntime, slopes } from "../kernels/serial_runtime.ts";

/** B and H: one row, one column, odd, around a vector and a line, and one of several threads' work. */
const SIZES: [B: number, H: number][] = [[2, 1], [3, 5], [7, 4], [5, 17], [33, 3], [8, 16], [128, 70]];

/** What batch normalization is, in float64. */
function reference(x: Float64Array, scale: Float64Array, offset: Float64Array) {
  const H = scale.length, B = x.length / H, mean = new Float64Array(H), variance = new Float64Array(H);
  x.forEach((v, i) => mean[i % H] += v / B);
  x.forEach((v, i) => variance[i % H] += (v - mean[i % H]) ** 2 / B);
  const y = x.map((v, i) => {
    const j = i % H;
    return (v - mean[j]) / Math.sqrt(variance[j] + EPSILON) * scale[j] + offset[j];
  });
  return { mean, variance, y };
}

type Run = {
  rt: SerialRuntime;
  layer: BatchNorm<Matrix>;
  grads: BatchNorm<Matrix>;
  tape: BatchNormTape;
  dx: Matrix;
  dy: Matrix;
};

/** One forward and one backward pass, in training. */
function run(rt: SerialRuntime, B: number, H: number, x: ArrayLike<number>, then: (run: Run) => void): void {
  const row = (values?: ArrayLike<number>) => rt.put(1, H, values);
  const layer = {
    scale: row(uniform(H, -2, 2, H)),
    offset: row(uniform(H, -1, 1, 3 * H)),
    mean: row(uniform(H, -1, 1, 5 * H)),
    variance: row(uniform(H, 0.5, 2, 7 * H)),
  };
  const grads = { scale: row(), offset: row(), mean: row(), variance: row() };
  const dy = rt.put(B, H, uniform(B * H, -1, 1, B + H)), dx = rt.put(B, H);
  rt.arena.scope(() => {
    const tape = batchNormForward(rt, layer, rt.put(B, H, x), true);
    batchNormBackward(rt, layer, grads, tape, dy, dx);
    then({ rt, layer, grads, tape, dx, dy });
  });
}

for (const simd of SIMD) {
  Deno.test(`batch normalization (${simd}) and its gradients are those of float64`, () => {
    for (const [B, H] of SIZES) {
      const given = uniform(B * H, -3, 3, B * H).map((v, i) => v + i % H);
      run(new SerialRuntime(simd), B, H, given, ({ rt, layer, grads, tape, dx, dy }) => {
        const x = Float64Array.from(given), weights = rt.get(dy);
        const scale = Float64Array.from(rt.get(layer.scale)), offset = Float64Array.from(rt.get(layer.offset));
        const want = reference(x, scale, offset);
        assert(distance(rt.get(tape.y), want.y) < 1e-6);
        assert(distance(rt.get(tape.statistics.mean), want.mean) < 1e-6);
        assert(distance(rt.get(tape.statistics.variance), want.variance) < 1e-6);

        const loss = () => reference(x, scale, offset).y.reduce((sum, y, i) => sum + weights[i] * y, 0);
        // With two rows nearly all of dx cancels, whatever dy is.
        const each = B * H > 1000 ? slopes(x.subarray(0, 2 * H), loss) : slopes(x, loss);
        assert(distance(rt.get(dx).subarray(0, each.length), each, 1) < 1e-5, `dx of ${B} by ${H}`);
        assert(distance(rt.get(grads.scale), slopes(scale, loss)) < 1e-5, `dscale of ${B} by ${H}`);
        assert(distance(rt.get(grads.offset), slopes(offset, loss)) < 1e-5, `doffset of ${B} by ${H}`);

        const mean = rt.get(layer.mean), variance = rt.get(layer.variance);
        assert(distance(rt.get(grads.mean), want.mean.map((m, j) => mean[j] - m)) < 1e-6);
        assert(distance(rt.get(grads.variance), want.variance.map((v, j) => variance[j] - v * B / (B - 1))) < 1e-6);
      });
    }
  });
}

Deno.test("batch normalization gives the offset and passes no gradient on where a column has one value", () => {
  for (const [B, H] of [[1, 1], [1, 9], [6, 9]]) {
    const x = uniform(H, -30, 30, H), rows = Float32Array.from({ length: B * H }, (_, i) => x[i % H]);
    run(new SerialRuntime(), B, H, rows, ({ rt, layer, grads, tape, dx }) => {
      const offset = rt.get(layer.offset), mean = rt.get(layer.mean), variance = rt.get(layer.variance);
      assertEquals([...rt.get(tape.y)], Array.from(rows, (_, i) => offset[i % H]));
      assertEquals(rt.get(tape.statistics.variance), new Float32Array(H));
      assertEquals(rt.get(grads.scale).map(Math.abs), new Float32Array(H));
      assertEquals(rt.get(grads.mean), x.map((x, j) => mean[j] - x));
      assertEquals(rt.get(grads.variance), variance);
      if (B === 1) assertEquals(rt.get(dx).map(Math.abs), new Float32Array(H));
      assert(rt.get(dx).every(Number.isFinite));
    });
  }
});

Deno.test("batch normalization keeps its precision in a column far from 0", () => {
  const x = uniform(64, 1e4 - 1, 1e4 + 1, 3);
  run(new SerialRuntime(), 64, 1, x, ({ rt, tape }) => {
    const { variance } = reference(Float64Array.from(x), Float64Array.of(1), Float64Array.of(0));
    assertAlmostEquals(rt.get(tape.statistics.variance)[0], variance[0], 1e-7);
  });
});

Deno.test("batch normalization outside of training goes by the running statistics, also in place", () => {
  const rt = new SerialRuntime(), B = 5, H = 7, given = uniform(B * H, -3, 3, 1);
  const row = (low: number, high: number, seed: number) => rt.put(1, H, uniform(H, low, high, seed));
  const layer = { scale: row(-2, 2, 2), offset: row(-1, 1, 3), mean: row(-1, 1, 4), variance: row(0.1, 2, 5) };
  const [scale, offset, mean, variance] = Object.values(layer).map((m) => rt.get(m));
  const want = Float64Array.from(given, (x, i) => {
    const j = i % H;
    return (x - mean[j]) / Math.sqrt(variance[j] + EPSILON) * scale[j] + offset[j];
  });
  const x = rt.put(B, H, given);
  rt.arena.scope(() => {
    const { y } = batchNormForward(rt, layer, x, false);
    assert(distance(rt.get(y), want) < 1e-6);
    assertEquals(rt.get(batchNormForward(rt, layer, x, false, x).y), rt.get(y));
  });
});

Deno.test("batch normalization gives the gradient of x in place of dy with the same bits", () => {
  run(new SerialRuntime(), 9, 6, uniform(54, -1, 1, 1), ({ rt, layer, grads, tape, dx, dy }) => {
    const apart = rt.get(dx);
    batchNormBackward(rt, layer, grads, tape, dy, dy);
    assertEquals(rt.get(dy), apart);
  });
});

Deno.test("gradient descent at the rate MOMENTUM makes the running statistics exponential moving averages", () => {
  run(new SerialRuntime(), 4, 3, uniform(12, -1, 1, 1), ({ rt, layer, grads, tape }) => {
    const before = rt.get(layer.mean), batch = rt.get(tape.statistics.mean);
    rt.get(grads.mean).forEach((g, j) => {
      assertAlmostEquals(before[j] - MOMENTUM * g, (1 - MOMENTUM) * before[j] + MOMENTUM * batch[j], 1e-7);
    });
  });
});

Deno.test("batch normalization lets a NaN spoil its own column, and no other", () => {
  const B = 3, H = 7;
  for (let i = 0; i < B * H; i++) {
    const x = uniform(B * H, -1, 1, 1);
    x[i] = NaN;
    run(new SerialRuntime(), B, H, x, ({ rt, tape, dx, grads }) => {
      for (const m of [tape.y, dx, grads.scale, grads.mean, grads.variance]) {
        rt.get(m).forEach((value, k) => assertEquals(Number.isNaN(value), k % H === i % H, `${k}`));
      }
    });
  }
});
