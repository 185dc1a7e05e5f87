import { upsample, upsampleBackward } from "../../src/kernels/upsample.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assertAlmostEquals, assertEquals } from "../assert.ts";
import { SerialRuntime } from "./serial_runtime.ts";

Deno.test("upsample repeats each pixel in both directions, and its backward pass sums the copies", () => {
  const rt = new SerialRuntime(), image = { height: 2, width: 2, channels: 2, factorHeight: 2, factorWidth: 3 };
  const x = rt.put(1, 8, [1, 10, 2, 20, 3, 30, 4, 40]), y = rt.put(1, 48), dx = rt.put(1, 8);
  upsample(rt, y, x, image);
  const upper = [1, 10, 1, 10, 1, 10, 2, 20, 2, 20, 2, 20], lower = [3, 30, 3, 30, 3, 30, 4, 40, 4, 40, 4, 40];
  assertEquals([...rt.get(y)], [...upper, ...upper, ...lower, ...lower]);
  upsampleBackward(rt, dx, y, image);
  assertEquals([...rt.get(dx)], [...rt.get(x)].map((v) => 6 * v));
});

Deno.test("upsampleBackward is the adjoint of upsample, for signals too, in any number of parts", () => {
  for (const threads of [1, 4]) {
    const rt = new SerialRuntime("relaxed", threads);
    for (
      const [batch, height, width, channels, factorHeight, factorWidth] of [[7, 9, 8, 20, 2, 2], [3, 1, 50, 9, 1, 4]]
    ) {
      const image = { height, width, channels, factorHeight, factorWidth };
      const cols = height * width * channels, wide = cols * factorHeight * factorWidth;
      const x = rt.put(batch, cols, uniform(batch * cols, -1, 1, 1)), y = rt.put(batch, wide);
      const dy = rt.put(batch, wide, uniform(batch * wide, -1, 1, 2)), dx = rt.put(batch, cols);
      upsample(rt, y, x, image);
      upsampleBackward(rt, dx, dy, image);
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);
      assertAlmostEquals(dot(rt.get(y), rt.get(dy)), dot(rt.get(x), rt.get(dx)), 1e-3);
    }
  }
});
