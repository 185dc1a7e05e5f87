/** Our kernels in tfjs's registry: when they are there, for whom, and that tfjs's own are wrong where ours are right. */
import { key, random, start, stop, tf } from "../../mod.ts";
import { startEmscripten } from "../../src/backend/emscripten.ts";
import { withStockKernels } from "../../src/backend/register.ts";
import { engine } from "../../src/backend/start.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

/** zeros x zeros + 1, a transposed: 1, but tfjs's own kernel adds the bias once for each 48 of the inner dimension. */
function biasOf(K: number): number {
  return tf.tidy(() => {
    const zeros = tf.zeros<tf.Rank.R2>([K, 1]);
    return tf.fused.matMul({ a: zeros, b: zeros, transposeA: true, bias: tf.ones([1]) }).dataSync()[0];
  });
}

/** max(0, -24 + 24), a transposed: 0, but tfjs's own kernel clamps after each 48 of the inner dimension. */
function clampOf(): number {
  return tf.tidy(() => {
    const a = tf.concat([tf.fill([48, 1], -0.5), tf.ones([24, 1])]), b = tf.ones<tf.Rank.R2>([72, 1]);
    return tf.fused.matMul({ a, b, transposeA: true, activation: "relu" }).dataSync()[0];
  });
}

Deno.test("tfjs's own kernels give wrong results that ours give right", async () => {
  await start();
  assertEquals([48, 49, 100].map(biasOf), [1, 1, 1]);
  assertEquals(clampOf(), 0);
  assertEquals(withStockKernels(() => [48, 49, 100].map(biasOf)), [1, 2, 3]);
  assertEquals(withStockKernels(clampOf), 24);
});

Deno.test("withStockKernels ends with its body, also when that throws or is nested", async () => {
  await start();
  assertThrows(() => withStockKernels(() => tf.matMul(tf.zeros([1, 2]), tf.zeros([1, 2]))), Error);
  assertEquals(biasOf(49), 1);
  assertEquals(withStockKernels(() => [withStockKernels(() => biasOf(49)), biasOf(49)]), [2, 2]);
  assertEquals(biasOf(49), 1);
});

Deno.test("our kernels are registered once, without a word, and work after stop and start", async () => {
  const warn = console.warn, warnings: unknown[] = [];
  console.warn = (...text: unknown[]) => warnings.push(text);
  try {
    const before = tf.getKernelsForBackend("wasm");
    for (const threads of [1, 2, 1]) {
      stop();
      await start({ threads });
      assertEquals(biasOf(100), 1);
      assertEquals(withStockKernels(() => biasOf(100)), 3);
    }
    assertEquals(tf.getKernelsForBackend("wasm"), before);
    assertEquals(warnings, []);
  } finally {
    console.warn = warn;
    stop();
  }
});

Deno.test("a product has the same bits for any number of threads", async () => {
  let first: Int32Array[] | undefined;
  for (const threads of [1, 2, 4]) {
    await start({ threads });
    const bits = tf.tidy(() => {
      const a = random.normal(key(1), [2, 301, 117]), b = random.normal(key(2), [2, 117, 203]);
      const bias = random.normal(key(3), [203]), grid = random.normal(key(4), [301, 203]);
      const transposed = tf.matMul(a, tf.transpose(b, [0, 2, 1]), false, true);
      const gradient = tf.matMul(a, transposed, true);
      const products = [
        transposed,
        gradient,
        ...[bias, grid].flatMap((bias) =>
          (["relu", "elu", "sigmoid"] as const).map((activation) => tf.fused.matMul({ a, b, bias, activation }))
        ),
      ];
      return products.map((t) => new Int32Array(t.dataSync().slice().buffer));
    });
    first ??= bits;
    assertEquals(bits, first, `${threads} threads`);
    stop();
  }
});

Deno.test("a full heap is an error also for tfjs, and what is left of it can be used", async () => {
  await start({ threads: 1 });
  const { emscripten } = engine(), column = tf.zeros<tf.Rank.R2>([35_000, 1]), row = tf.zeros<tf.Rank.R2>([1, 10_000]);
  for (let i = 0; i < 30; i++) emscripten._malloc(1e8);
  emscripten._free(emscripten._malloc(1e6));
  // tfjs's allocator would give the block that was just freed.
  const full = "Cannot allocate 1400000000 bytes: the heap of 4 GiB is full";
  assertThrows(() => emscripten._malloc(1.4e9), RangeError, full);
  assertThrows(() => tf.matMul(column, row), RangeError, full);
  assertThrows(() => withStockKernels(() => tf.matMul(column, row)), RangeError, full);
  const a = emscripten._malloc(1e5), b = emscripten._malloc(1e8);
  assert(a + 1e5 <= b || b + 1e8 <= a);
  emscripten._free(b);
  emscripten._free(a);
  assertEquals(biasOf(49), 1);
  stop();
});

// The last one: it takes our backend's place.
Deno.test("another backend of the same name keeps tfjs's kernels", async () => {
  await start();
  const { backend } = engine();
  stop();
  tf.removeBackend("wasm");
  tf.registerBackend("wasm", () => startEmscripten(1).backend as unknown as tf.KernelBackend);
  await tf.setBackend("wasm");
  assertEquals(tf.backend() === backend as unknown, false);
  assertEquals(biasOf(49), 2);
  tf.removeBackend("wasm");
});
