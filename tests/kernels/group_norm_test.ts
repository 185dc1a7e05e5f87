import { EPSILON } from "../../src/kernels/batch_norm.ts";
import { normalizeGroups, normalizeGroupsBackward } from "../../src/kernels/group_norm.ts";
import type { Matrix } from "../../src/kernels/heap.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { SIMD } from "./builds.ts";
import { distance, SerialRuntime, slopes } from "./serial_runtime.ts";

/** y of x [B, P, C], from the definition. */
function reference(x: Float64Array, scale: Float64Array, offset: Float64Array, [B, P, C, G]: readonly number[]) {
  const y = new Float64Array(x.length), width = C / G;
  for (let b = 0; b < B; b++) {
    for (let g = 0; g < G; g++) {
      const members = Array.from(
        { length: P * width },
        (_, i) => (b * P + Math.floor(i / width)) * C + g * width + i % width,
      );
      const mean = members.reduce((sum, i) => sum + x[i], 0) / members.length;
      const variance = members.reduce((sum, i) => sum + (x[i] - mean) ** 2, 0) / members.length;
      for (const i of members) y[i] = (x[i] - mean) / Math.sqrt(variance + EPSILON) * scale[i % C] + offset[i % C];
    }
  }
  return y;
}

/** Batch, pixels, channels and groups: group, layer and instance normalization, of images and of vectors. */
const SHAPES = [[3, 6, 12, 3], [4, 1, 13, 1], [2, 5, 6, 1], [2, 9, 5, 5], [3, 4, 14, 7], [1, 7, 8, 2]] as const;

function matrices(rt: SerialRuntime, [B, P, C, G]: readonly number[]) {
  const row = () => rt.put(1, C);
  return {
    y: rt.put(B * P, C),
    dx: rt.put(B * P, C),
    saved: { mean: rt.put(B, G), inverse: rt.put(B, G) },
    grads: { scale: row(), offset: row() },
  };
}

for (const simd of SIMD) {
  Deno.test(`group normalization (${simd}) and its gradients are those of float64`, () => {
    for (const shape of SHAPES) {
      const [B, P, C, G] = shape, rt = new SerialRuntime(simd), n = B * P * C;
      const grouping = { pixels: P, channels: C, groups: G };
      const draw = (n: number, seed: number) => Float64Array.from(uniform(n, -2, 2, seed));
      const x = draw(n, 1), scale = draw(C, 2), offset = draw(C, 3), dy = draw(n, 4);
      const loss = () => reference(x, scale, offset, shape).reduce((sum, y, i) => sum + y * dy[i], 0);

      const { y, dx, saved, grads } = matrices(rt, shape), at = rt.put(B * P, C, x), dyAt = rt.put(B * P, C, dy);
      const affine = { scale: rt.put(1, C, scale), offset: rt.put(1, C, offset) };
      normalizeGroups(rt, y, saved, at, affine, grouping);
      normalizeGroupsBackward(rt, dx, grads, dyAt, at, saved, affine.scale, grouping);
      assert(distance(rt.get(y), reference(x, scale, offset, shape)) < 1e-6);
      const size = Math.hypot(...dy);
      assert(distance(rt.get(dx), slopes(x, loss), size) < 1e-5, `dx ${shape}`);
      assert(distance(rt.get(grads.scale), slopes(scale, loss), size) < 1e-5, `dscale ${shape}`);
      assert(distance(rt.get(grads.offset), slopes(offset, loss), size) < 1e-5, `doffset ${shape}`);

      const apart = [dx, grads.scale, grads.offset].map((m) => rt.get(m));
      normalizeGroupsBackward(rt, dyAt, grads, dyAt, at, saved, affine.scale, grouping);
      assertEquals([dyAt, grads.scale, grads.offset].map((m) => rt.get(m)), apart);
      const wanted = rt.get(y);
      normalizeGroups(rt, at, saved, at, affine, grouping);
      assertEquals(rt.get(at), wanted);
    }
  });

  Deno.test(`group normalization (${simd}) gives the offset, and its scale no gradient, where a group has one value`, () => {
    const rt = new SerialRuntime(simd), shape = [2, 3, 6, 2], { y, dx, saved, grads } = matrices(rt, shape);
    const x = rt.put(6, 6, new Float32Array(36).fill(-7.3)), offset = uniform(6, -1, 1, 5);
    const affine = { scale: rt.put(1, 6, uniform(6, -1, 1, 6)), offset: rt.put(1, 6, offset) };
    const grouping = { pixels: 3, channels: 6, groups: 2 };
    normalizeGroups(rt, y, saved, x, affine, grouping);
    assertEquals([...rt.get(y)], Array.from({ length: 36 }, (_, i) => offset[i % 6]));
    normalizeGroupsBackward(rt, dx, grads, rt.put(6, 6, uniform(36, -1, 1, 7)), x, saved, affine.scale, grouping);
    assertEquals([...rt.get(grads.scale)], Array(6).fill(0));
  });

  Deno.test(`group normalization (${simd}) lets a NaN spoil its own group of its example, and no other`, () => {
    const rt = new SerialRuntime(simd), shape = [2, 3, 10, 2], n = 60;
    const affine = { scale: rt.put(1, 10, uniform(10, 1, 2, 6)), offset: rt.put(1, 10, uniform(10, 1, 2, 7)) };
    const notFinite = (m: Matrix) => [...rt.get(m)].flatMap((v, i) => Number.isFinite(v) ? [] : [i]);
    for (const special of [NaN, Infinity]) {
      for (let i = 0; i < n; i++) {
        const { y, saved } = matrices(rt, shape), values = uniform(n, -1, 1, 1);
        values[i] = special;
        normalizeGroups(rt, y, saved, rt.put(6, 10, values), affine, { pixels: 3, channels: 10, groups: 2 });
        const group = (k: number) => `${Math.floor(k / 30)} ${Math.floor(k % 10 / 5)}`;
        assertEquals(notFinite(y), Array.from({ length: n }, (_, k) => k).filter((k) => group(k) === group(i)));
      }
    }
  });

  Deno.test(`group normalization (${simd}) holds deviations whose squares are beyond float32`, () => {
    const rt = new SerialRuntime(simd), { y, saved } = matrices(rt, [1, 1, 4, 1]), ones = new Float32Array(4).fill(1);
    const affine = { scale: rt.put(1, 4, ones), offset: rt.put(1, 4, new Float32Array(4)) };
    const x = rt.put(1, 4, [1e30, -1e30, 1e30, -1e30]);
    normalizeGroups(rt, y, saved, x, affine, { pixels: 1, channels: 4, groups: 1 });
    assert(distance(rt.get(y), [1, -1, 1, -1]) < 1e-6, `${rt.get(y)}`);
  });
}

Deno.test("group normalization refuses groups that do not divide the channels", () => {
  const rt = new SerialRuntime(), { y, saved, grads } = matrices(rt, [2, 1, 6, 4]), x = rt.put(2, 6);
  assertThrows(
    () => normalizeGroups(rt, y, saved, x, grads, { pixels: 1, channels: 6, groups: 4 }),
    RangeError,
    "Cannot normalize groups: expected a divisor of 6 channels, got 4 groups",
  );
});
