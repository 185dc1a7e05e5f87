/** Random numbers and keys against JAX's own, an integer reference, and jax-js. */
import { defaultDevice, init as initJax, numpy as np, random as jr } from "npm:@jax-js/jax@0.1.25";
import { foldIn, type Key, key, random, split, start, stop, tf } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { floatsOf } from "./model.ts";
import * as reference from "./threefry.ts";

const words = (t: tf.Tensor) => [...t.dataSync<"int32">()].map((word) => word >>> 0);

/** Sizes around vectors of 4, blocks of 16, and the work of one, two and more threads. */
const SIZES = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 63, 65, 511, 513, 1023, 1025, 1541, 2053];

const KEYS = [
  key(0),
  key(1),
  key(42),
  key(2 ** 32 - 1),
  key(2 ** 53 - 1),
  ...split(key(7), 3),
  foldIn(key(3), 2 ** 31),
];

Deno.test("the reference has the known answers of threefry2x32, 20 rounds, of the Random123 library", () => {
  const hex = (pair: number[]) => pair.map((word) => word.toString(16).padStart(8, "0")).join(" ");
  assertEquals(hex(reference.threefry([0, 0], 0, 0)), "6b200159 99ba4efe");
  const ones = 0xffffffff;
  assertEquals(hex(reference.threefry([ones, ones], ones, ones)), "1cb996fc bb002be7");
  assertEquals(hex(reference.threefry([0x13198a2e, 0x03707344], 0x243f6a88, 0x85a308d3)), "c4923a9c 483df7a0");
});

Deno.test("keys are JAX's", () => {
  // jax.random.key_data(jax.random.key(42))
  assertEquals([...key(42)], [0, 42]);
  // with jax_enable_x64: jax.random.key_data(jax.random.key(2**32 + 5)), jax.random.key_data(jax.random.key(2**53 - 1))
  assertEquals([...key(2 ** 32 + 5)], [1, 5]);
  assertEquals([...key(2 ** 53 - 1)], [2 ** 21 - 1, 2 ** 32 - 1]);
  // jax.random.key_data(jax.random.split(jax.random.key(0)))
  assertEquals(split(key(0)).map((k) => [...k]), [[1797259609, 2579123966], [928981903, 3453687069]]);
  // jax.random.key_data(jax.random.fold_in(jax.random.key(0), 2))
  assertEquals([...foldIn(key(0), 2)], [4146024105, 2718843009]);
  assert(Object.isFrozen(key(0)) && split(key(0)).every(Object.isFrozen) && Object.isFrozen(foldIn(key(0), 1)));
});

Deno.test("split and foldIn are those of the integer reference", () => {
  for (const k of KEYS) {
    split(k, 100).forEach((child, i) => assertEquals([...child], reference.threefry(k, 0, i)));
    for (const data of [0, 1, 99, 2 ** 31, 2 ** 32 - 1]) {
      assertEquals([...foldIn(k, data)], reference.threefry(k, 0, data));
    }
  }
});

Deno.test("keys made of one key all differ, and more of them do not change the first", () => {
  const many = split(key(5), 10_000);
  assertEquals(new Set(many.map(String)).size, 10_000);
  assertEquals(new Set(many.flatMap((k) => split(k)).map(String)).size, 20_000);
  assertEquals(split(key(5), 3), many.slice(0, 3));
  assertEquals(split(key(5)), many.slice(0, 2));
  // As in JAX, whose partitionable split folds in 0, 1, 2...
  assertEquals(many.slice(0, 9), Array.from({ length: 9 }, (_, i) => foldIn(key(5), i)));
});

Deno.test("numbers are those of JAX's documentation", () => {
  // jax.random.uniform(jax.random.key(0))
  assertEquals(random.uniform(key(0), []).dataSync()[0], Math.fround(0.947667));
  // key, subkey = jax.random.split(jax.random.key(0)); jax.random.uniform(subkey)
  assertAlmostEquals(random.uniform(split(key(0))[1], []).dataSync()[0], 0.00729382, 5e-9);
  // jax.random.normal(jax.random.key(42))
  assertAlmostEquals(random.normal(key(42), []).dataSync()[0], -0.028304616, 5e-9);
  // jax.random.normal(jax.random.key(123), shape=(3,)), as books print it that were written before the scheme changed:
  const before = [-0.1470326, 0.5524756, 1.648498], k = key(123);
  reference.normalUnpartitioned(k, 3).forEach((x, i) => assertAlmostEquals(x, before[i], 5e-7));
  reference.normal(k, 3).forEach((x, i) =>
    assertAlmostEquals(random.normal(k, [3]).dataSync()[i], x, 1e-6 * Math.abs(x))
  );
});

Deno.test("bits and uniform are exactly, normal within 1e-6, those of the reference, at any size and key", async () => {
  stop();
  await start({ threads: 3 });
  for (const k of KEYS) {
    for (const n of SIZES) {
      tf.tidy(() => {
        assertEquals(words(random.bits(k, [n])), reference.bits(k, n));
        assertEquals([...floatsOf(random.uniform(k, [n]))], reference.uniform(k, n));
        const [low, high] = [-2.7, 0.3], some = Math.min(n, 33);
        assertEquals([...floatsOf(random.uniform(k, [some], { low, high }))], reference.uniform(k, some, low, high));
        const normals = reference.normalOfJax(k, some);
        floatsOf(random.normal(k, [some])).forEach((x, i) =>
          assertAlmostEquals(x, normals[i], 1e-6 * Math.abs(normals[i]))
        );
      });
    }
  }
});

Deno.test("normal is within 1e-6 of JAX's number, and beyond 2.5 within 6e-6 of the exact one", () => {
  const n = 60_000, k = key(77), got = floatsOf(random.normal(k, [n]));
  reference.normalOfJax(k, n).forEach((x, i) =>
    assertAlmostEquals(got[i], x, 1e-6 * Math.abs(x), `${got[i]}, not ${x}`)
  );
  const exact = reference.normal(k, n);
  exact.forEach((x, i) => assertAlmostEquals(got[i], x, (Math.abs(x) > 2.5 ? 6e-6 : 1e-6) * Math.abs(x)));
  assert(Math.max(...exact) > 3.5 && Math.min(...exact) < -3.5);
});

Deno.test("bits, uniform, bernoulli, key and split are those of jax-js", async () => {
  await initJax();
  defaultDevice("wasm");
  for (const seed of [0, 42, 12345]) {
    for (const shape of [[1], [5], [3, 7], [2, 3, 41]]) {
      const n = shape.reduce((a, b) => a * b, 1);
      assertEquals(words(random.bits(key(seed), shape)), [...await jr.bits(jr.key(seed), shape).data()]);
      assertEquals([...floatsOf(random.uniform(key(seed), shape))], [...await jr.uniform(jr.key(seed), shape).data()]);
      const p = random.uniform(key(seed + 1), shape),
        draws = jr.bernoulli(jr.key(seed), np.array(Float32Array.from(floatsOf(p))), [n]);
      assertEquals([...floatsOf(random.bernoulli(key(seed), p))], [...await draws.data()].map(Number));
    }
    assertEquals(split(key(seed), 5).flatMap((k) => [...k]), [...await jr.split(jr.key(seed), 5).data()]);
  }
});

Deno.test("bernoulli is 1 where uniform is below p, and takes any p and shape", () => {
  const k = key(9), p = tf.tensor3d([0, 1, -1, 2, NaN, 0.5, 1e-30, 0.999], [2, 2, 2]);
  const u = floatsOf(random.uniform(k, [2, 2, 2])), draws = random.bernoulli(k, p);
  assertEquals([draws.shape, draws.dtype], [[2, 2, 2], "float32"]);
  assertEquals([...floatsOf(draws)], [...floatsOf(p)].map((q, i) => u[i] < q ? 1 : 0));
  assertEquals([...floatsOf(draws)].slice(0, 5), [0, 1, 0, 1, 0]);
  assertEquals(random.bernoulli(k, tf.scalar(1)).dataSync()[0], 1);
  const rate = floatsOf(random.bernoulli(k, tf.fill([100_000], 0.3))).reduce((a, b) => a + b) / 100_000;
  assertAlmostEquals(rate, 0.3, 4 * Math.sqrt(0.3 * 0.7 / 100_000));
});

Deno.test("an element depends on its place alone: shapes and larger draws do not change it", () => {
  const all = floatsOf(random.normal(key(1), [4096]));
  for (const shape of [[7], [3, 5], [2, 3, 4], [1, 1, 1, 9], [61, 33]]) {
    const drawn = random.normal(key(1), shape);
    assertEquals(drawn.shape, shape);
    assertEquals(floatsOf(drawn), all.slice(0, drawn.size));
  }
});

Deno.test("empty shapes give empty tensors, and [] a scalar", () => {
  for (const draw of [random.bits, random.uniform, random.normal]) {
    for (const shape of [[0], [3, 0], [0, 3], [2, 0, 2]]) {
      const t = draw(key(0), shape);
      assertEquals([t.shape, t.size, t.dataSync().length], [shape, 0, 0]);
    }
    assertEquals([draw(key(0), []).rank, draw(key(0), []).size], [0, 1]);
  }
  assertEquals(random.bernoulli(key(0), tf.zeros([2, 0])).shape, [2, 0]);
  assertEquals([random.bits(key(0), [1]).dtype, random.uniform(key(0), [1]).dtype], ["int32", "float32"]);
});

Deno.test("uniform stays within its bounds, also where they are equal or far apart", () => {
  for (const [low, high] of [[0, 1], [-1, 1], [3, 3], [-0.1, 0], [1e-30, 2e-30], [1e30, 1.5e30], [100, 100.00001]]) {
    const values = floatsOf(random.uniform(key(8), [1000], { low, high }));
    assert(values.every((v) => v >= Math.fround(low) && v <= Math.fround(high)), `[${low}, ${high}]`);
  }
});

Deno.test("random functions refuse what is no key, shape, bounds, seed or count", () => {
  const bad = [0, 1] as unknown as Key, no = [0] as unknown as Key, ints = tf.ones([2], "int32");
  const refusals: [() => unknown, new (message: string) => Error, string][] = [
    [
      () => random.bits(no, [1]),
      TypeError,
      "Cannot draw: expected key to be made by key(seed), split or foldIn, got [0]",
    ],
    [() => random.bernoulli(no, tf.ones([1])), TypeError, "Cannot draw: expected key to be made by key(seed)"],
    [() => random.uniform(bad, 3 as never), RangeError, "Cannot draw: expected shape to be an array of sizes, got 3"],
    [() => random.normal(bad, [-1]), RangeError, "Cannot draw: expected shape to be an array of sizes, got [-1]"],
    [
      () => random.normal(bad, [2, 1.5]),
      RangeError,
      "Cannot draw: expected shape to be an array of sizes, got [2, 1.5]",
    ],
    [
      () => random.bits(bad, [2 ** 15, 2 ** 15]),
      RangeError,
      "expected fewer than 2^30 elements, got shape [32768, 32768]",
    ],
    [
      () => random.uniform(bad, [1], { low: 1, high: 0 }),
      RangeError,
      "expected finite bounds with low <= high, got 1 and 0",
    ],
    [
      () => random.uniform(bad, [1], { low: NaN }),
      RangeError,
      "expected finite bounds with low <= high, got NaN and 1",
    ],
    [
      () => random.uniform(bad, [1], { high: 1e39 }),
      RangeError,
      "expected finite bounds with low <= high, got 0 and 1e+39",
    ],
    [() => random.bernoulli(bad, 0.5 as never), TypeError, "Cannot draw: p: expected a float32 tensor"],
    [() => random.bernoulli(bad, ints), TypeError, "Cannot draw: p: expected dtype float32, got int32"],
    [() => key(-1), RangeError, "Cannot make a key: expected seed to be an integer from 0 to 2^53 - 1, got -1"],
    [() => key(0.5), RangeError, "got 0.5"],
    [() => key(2 ** 53), RangeError, "got 9007199254740992"],
    [() => key("1" as never), RangeError, 'got "1"'],
    [() => split(no), TypeError, "Cannot split: expected key to be made by key(seed), split or foldIn, got [0]"],
    [() => split(bad, 0), RangeError, "Cannot split: expected n to be a positive integer, got 0"],
    [() => split(bad, 1.5), RangeError, "Cannot split: expected n to be a positive integer, got 1.5"],
    [() => foldIn(no, 1), TypeError, "Cannot fold in: expected key to be made by key(seed), split or foldIn, got [0]"],
    [() => foldIn(bad, -1), RangeError, "Cannot fold in: expected an integer from 0 to 2^32 - 1, got -1"],
    [() => foldIn(bad, 2 ** 32), RangeError, "Cannot fold in: expected an integer from 0 to 2^32 - 1, got 4294967296"],
  ];
  for (const [call, error, message] of refusals) {
    const { numTensors } = tf.tidy(() => tf.memory());
    assertThrows(() => tf.tidy(() => void call()), error, message);
    assertEquals(tf.memory().numTensors, numTensors, message);
  }
});
