/** Codes on the way between codes, and along one dimension. */
import { decode, init, interpolate, key, random, tf, traverse } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";

const norm = (v: ArrayLike<number>) => Math.hypot(...Array.from(v));

/** The rows of the way between two codes. */
function way(a: number[], b: number[], steps: number, method?: "linear" | "spherical"): number[][] {
  return tf.tidy(() => interpolate(tf.tensor1d(a), tf.tensor1d(b), { steps, method }).arraySync());
}

Deno.test("interpolate begins and ends with the very bits of its ends, pair after pair, by either method", () => {
  tf.tidy(() => {
    const a = random.normal(key(1), [5, 7]), b = random.normal(key(2), [5, 7]);
    const [ends, others] = [a, b].map((t) => t.arraySync());
    for (const method of ["linear", "spherical"] as const) {
      for (const steps of [2, 3, 11]) {
        const z = interpolate(a, b, { steps, method }), rows = z.arraySync();
        assertEquals(z.shape, [5 * steps, 7]);
        for (let i = 0; i < 5; i++) {
          assertEquals([rows[i * steps], rows[(i + 1) * steps - 1]], [ends[i], others[i]]);
        }
      }
    }
  });
});

Deno.test("interpolate is linear by default: equal steps on a straight line", () => {
  assertEquals(way([0, 8, -1], [4, 0, 1], 5), [[0, 8, -1], [1, 6, -0.5], [2, 4, 0], [3, 2, 0.5], [4, 0, 1]]);
  assertEquals(way([1, 2], [3, 4], 4), way([1, 2], [3, 4], 4, "linear"));
});

Deno.test("interpolate, spherical, keeps the length and turns by equal angles", () => {
  tf.tidy(() => {
    const Z = 20,
      steps = 9,
      [a, b] = [3, 4].map((seed) => {
        const v = random.normal(key(seed), [1, Z]);
        return tf.mul<tf.Tensor2D>(4, tf.div(v, tf.norm(v)));
      });
    const rows = interpolate(a, b, { steps, method: "spherical" }).arraySync();
    const cosines = rows.slice(1).map((row, i) => row.reduce((sum, x, j) => sum + x * rows[i][j], 0) / 16);
    for (const row of rows) assertAlmostEquals(norm(row), 4, 1e-5);
    for (const cosine of cosines) assertAlmostEquals(cosine, cosines[0], 1e-5);
    const [middle] = interpolate(a, b, { steps: 3 }).arraySync().slice(1);
    assert(norm(middle) < 3.9, "the straight way comes closer to 0");
  });
});

Deno.test("interpolate, spherical, is Shoemake's formula with the lengths that the codes have", () => {
  const a = [3, 0, 0], b = [1, 1, 0], w = Math.PI / 4;
  const wanted = [0.25, 0.5, 0.75].map((t) =>
    a.map((_, i) => (Math.sin((1 - t) * w) * a[i] + Math.sin(t * w) * b[i]) / Math.sin(w))
  );
  way(a, b, 5, "spherical").slice(1, 4).forEach((row, i) => {
    row.forEach((value, j) => assertAlmostEquals(value, wanted[i][j], 1e-6));
  });
});

Deno.test("interpolate, spherical, takes the straight way where no angle tells another", () => {
  const cases: [number[], number[]][] = [
    [[1, 2], [1, 2]], // the same
    [[1, 2], [3, 6]], // one direction
    [[0, 0], [3, 4]], // no direction
    [[3, 4], [0, 0]],
    [[0, 0], [0, 0]],
    [[1, 2], [-1, -2]], // opposite ones, whatever their lengths
    [[1, 2], [-3, -6]],
    [[5], [-5]], // a line has no other angles
    [[5], [7]],
    [[1, 1e-8], [1, 0]],
  ];
  for (const [a, b] of cases) assertEquals(way(a, b, 5, "spherical"), way(a, b, 5));
});

Deno.test("interpolate, spherical, is smooth near both limits and finite for codes of any size", () => {
  for (const angle of [1e-5, 1e-4, Math.PI - 1e-3]) {
    const rows = way([1, 0], [Math.cos(angle), Math.sin(angle)], 5, "spherical");
    for (const row of rows) assertAlmostEquals(norm(row), 1, 1e-3);
  }
  for (const size of [1e-30, 1e30]) {
    const [, [x, y]] = way([size, 0], [0, size], 3, "spherical");
    assertAlmostEquals(x / size, Math.SQRT1_2, 1e-6);
    assertAlmostEquals(y / size, Math.SQRT1_2, 1e-6);
  }
});

Deno.test("traverse replaces one dimension and leaves the others as they are", () => {
  tf.tidy(() => {
    for (const z of [tf.tensor2d([[1, 2, 3]]), tf.tensor1d([1, 2, 3])]) {
      const codes = traverse(z, { dimension: 2, values: Float64Array.of(-3, 0, 0.5) });
      assertEquals(codes.arraySync(), [[1, 2, -3], [1, 2, 0], [1, 2, 0.5]]);
    }
    assertEquals(traverse(tf.tensor1d([9]), { dimension: 0, values: [4] }).arraySync(), [[4]]);
  });
});

Deno.test("decode takes what interpolate and traverse give; neither changes its arguments or leaks", () => {
  const { numTensors } = tf.memory();
  tf.tidy(() => {
    const { params } = init({ input: 6, hidden: [5], latent: 3 }, { key: key(0) });
    const a = random.normal(key(1), [2, 3]),
      b = random.normal(key(2), [2, 3]),
      before = [a, b].map((t) => t.dataSync());
    const inner = tf.memory().numTensors, z = interpolate(a, b, { steps: 4, method: "spherical" });
    assertEquals(decode(params, z).shape, [8, 6]);
    assertEquals(decode(params, traverse(tf.ones([1, 3]), { dimension: 0, values: [1, 2] })).shape, [2, 6]);
    assertEquals([a, b].map((t) => t.dataSync()), before);
    assertEquals(tf.memory().numTensors, inner + 5);
  });
  assertEquals(tf.memory().numTensors, numTensors);
});

Deno.test("interpolate and traverse refuse what they cannot use, in words that say why", () => {
  const a = tf.ones<tf.Rank.R2>([2, 3]),
    bad = tf.tensor2d([[0, 0, 0], [0, NaN, 0]]),
    infinite = tf.tensor1d([0, Infinity]);
  const steps = 3, { numTensors } = tf.memory();
  const cases: [() => unknown, new (message: string) => Error, string][] = [
    [
      () => interpolate(a, tf.ones<tf.Rank.R2>([2, 4]), { steps }),
      TypeError,
      "Cannot interpolate b: expected shape [2, 3], got [2, 4]",
    ],
    [
      () => interpolate(a, tf.ones([3]), { steps }),
      TypeError,
      "Cannot interpolate b: expected shape [2, 3], got [3]",
    ],
    [
      () => interpolate(tf.ones([2, 2, 2]) as never, a, { steps }),
      TypeError,
      "Cannot interpolate a: expected shape [B, Z], got [2, 2, 2]",
    ],
    [
      () => interpolate([1, 2] as never, a, { steps }),
      TypeError,
      "Cannot interpolate a: expected a float32 tensor of shape [B, Z], got [1, 2]; " +
      "write tf.tensor2d(values, [rows, columns]) for a tensor",
    ],
    [
      () => interpolate(a, bad, { steps }),
      RangeError,
      "Cannot interpolate b: expected finite values, got NaN at [1, 1]",
    ],
    [
      () => interpolate(a, a, { steps: 1 }),
      RangeError,
      "Cannot interpolate: expected steps to be an integer of at least 2, got 1",
    ],
    [
      () => interpolate(a, a, undefined as never),
      RangeError,
      "Cannot interpolate: expected steps to be an integer of at least 2, got none",
    ],
    [
      () => interpolate(a, a, { steps, method: "cubic" as never }),
      RangeError,
      'Cannot interpolate: expected method to be one of "linear", "spherical", got "cubic"',
    ],
    [
      () => traverse(a, { dimension: 0, values: [1] }),
      TypeError,
      "Cannot traverse z: expected shape [1, Z], got [2, 3]",
    ],
    [
      () => traverse(infinite, { dimension: 0, values: [1] }),
      RangeError,
      "Cannot traverse z: expected finite values, got Infinity at [1]",
    ],
    [
      () => traverse(tf.ones([3]), { dimension: 3, values: [1] }),
      RangeError,
      "Cannot traverse: expected dimension to be an integer from 0 to 2, got 3",
    ],
    [
      () => traverse(tf.ones([3]), { dimension: 0, values: [] }),
      RangeError,
      "Cannot traverse: expected at least one value, got none",
    ],
    [
      () => traverse(tf.ones([3]), { dimension: 0, values: [1, 1e39] }),
      RangeError,
      "Cannot traverse: expected finite values, got 1e+39 at 1",
    ],
  ];
  for (const [call, error, message] of cases) tf.tidy(() => assertEquals(assertThrows(call, error).message, message));
  assertEquals(tf.memory().numTensors, numTensors);
  tf.dispose([a, bad, infinite]);
});
