import { encode, init, key, random, reconstruct, tf } from "../../mod.ts";
import { Pause } from "../../src/pause.ts";
import { meansOf } from "../../src/report/means.ts";
import { normalQuantile } from "../../src/report/normal_quantile.ts";
import { pca } from "../../src/report/pca.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "../assert.ts";

/** Points whose covariance is exactly U diag(variance) U^T: two along each axis, at equal distances from their mean. */
function cross(axes: number[][], variance: number[], mean: number[]): Float32Array {
  const D = mean.length,
    points = axes.flatMap((axis, k) =>
      [1, -1].map((sign) => {
        const length = sign * Math.sqrt(variance[k] * D);
        return mean.map((m, j) => m + length * axis[j]);
      })
    );
  return Float32Array.from(points.flat());
}

const S = Math.SQRT1_2, AXES = [[S, 0, S], [0, -1, 0], [S, 0, -S]], MEAN = [10, -3, 0.5];

Deno.test("pca finds the axes and variances of a known covariance, largest first, upright", async () => {
  const { points, axes, shares } = await pca(cross(AXES, [1, 9, 4], MEAN), 3, 3);
  const wanted = [[0, 1, 0], [S, 0, -S], [S, 0, S]];
  axes.forEach((axis, k) => axis.forEach((x, j) => assertAlmostEquals(x, wanted[k][j], 1e-6)));
  [9 / 14, 4 / 14, 1 / 14].forEach((share, k) => assertAlmostEquals(shares[k], share, 1e-6));
  // The points lie on the axes: -1 and 1 times the deviation, and 0 on the other two.
  const [first] = [Array.from(points.subarray(6, 9))];
  assertAlmostEquals(Math.abs(first[0]), Math.sqrt(27), 1e-5);
  assertAlmostEquals(first[1], 0, 1e-5);
  assertAlmostEquals(first[2], 0, 1e-5);
});

Deno.test("pca of many dimensions gives uncorrelated coordinates of falling variance on orthonormal axes", async () => {
  const D = 20, N = 500, components = 5;
  using draws = random.normal(key(0), [N, D]);
  const points = draws.dataSync<"float32">().map((x, i) => x * (1 + i % D) + (i % D ? 0 : 100));
  const result = await pca(points, D, components), { axes, shares } = result;
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);
  const column = (k: number) => Array.from({ length: N }, (_, i) => result.points[i * components + k]);
  let before = Infinity;
  for (let k = 0; k < components; k++) {
    for (let l = 0; l <= k; l++) {
      assertAlmostEquals(dot(axes[k], axes[l]), k === l ? 1 : 0, 1e-10);
      if (l < k) assertAlmostEquals(dot(column(k), column(l)) / N, 0, 1e-8);
    }
    const variance = dot(column(k), column(k)) / N;
    assert(variance <= before && shares[k] > 0);
    assertAlmostEquals(shares[k] / shares[0], variance / (dot(column(0), column(0)) / N), 1e-9);
    before = variance;
    assert(Math.max(...axes[k]) >= -Math.min(...axes[k]), "upright");
  }
  assertEquals(await pca(points.slice(), D, components), result);
});

Deno.test("pca keeps an axis where it is if points are mirrored, and takes points without variance", async () => {
  const points = cross(AXES, [1, 9, 4], MEAN);
  const { axes: mirrored } = await pca(points.map((x) => -x), 3, 2), { axes } = await pca(points, 3, 2);
  axes.forEach((axis, k) => axis.forEach((x, j) => assertAlmostEquals(x, mirrored[k][j], 1e-6)));
  for (const same of [new Float32Array(6).fill(4), new Float32Array(3)]) {
    const { points, shares } = await pca(same, 3, 2);
    assertEquals([[...points].every((x) => x === 0), shares], [true, [0, 0]]);
  }
});

Deno.test("normalQuantile inverts the normal distribution function", () => {
  // scipy.stats.norm.ppf
  const known: [number, number][] = [
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.8413447460685429, 1],
    [0.975, 1.959963984540054],
    [0.9986501019683699, 3],
    [0.999999, 4.753424308822899],
  ];
  for (const [p, x] of known) {
    assertAlmostEquals(normalQuantile(p), x, 1e-9);
    assertAlmostEquals(normalQuantile(1 - p), -x, 1e-9);
  }
  assertAlmostEquals(normalQuantile(1e-9), -5.9978070150076865, 1e-6);
  for (const p of [0, 1, -1, NaN]) assertThrows(() => normalQuantile(p), RangeError, `expected p in (0, 1), got ${p}`);
});

Deno.test("meansOf gives the pictures that reconstruct gives for the same codes", () => {
  tf.tidy(() => {
    const { params } = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
    const x = random.uniform(key(1), [7, 6]), z = encode(params, x).mean, { numTensors } = tf.memory();
    assertEquals(meansOf(params, z), reconstruct(params, x).dataSync() as Float32Array);
    assertEquals(tf.memory().numTensors, numTensors + 1);
  });
});

Deno.test("pca of a wide code lets others run, and stops when it is asked to", async () => {
  const D = 200, points = Float32Array.from({ length: 300 * D }, (_, i) => Math.sin(i * i));
  const controller = new AbortController();
  // Heard only if a timer comes in between; alone it takes some seconds.
  const asked = setTimeout(() => controller.abort(new Error("asked")), 1);
  try {
    await assertRejects(() => pca(points, D, 2, new Pause("Cannot", controller.signal)), Error, "asked");
  } finally {
    clearTimeout(asked);
  }
});
