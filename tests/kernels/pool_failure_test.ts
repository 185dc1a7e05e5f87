import { f32_bernoulli_nll, f32_clamp, f32_gather } from "../../src/kernels/bindings.ts";
import type { KernelExports } from "../../src/kernels/pool.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { Fixture, HANG_MS } from "./pool_fixture.ts";

/** Fails if `body` takes longer than anything here may. */
function assertSoon<T>(body: () => T): T {
  const start = performance.now(), result = body();
  assert(performance.now() - start < HANG_MS, "it took too long");
  return result;
}

Deno.test("Pool reports a worker that traps, soon, and refuses all further calls", () => {
  for (let round = 0; round < 3; round++) {
    using f = new Fixture(2);
    // The first row ends where the memory does: it takes milliseconds, and meanwhile the second one traps.
    const columns = 1 << 20, loss = f.heap.alloc(8);
    f.heap.alloc(4 * columns);
    const row = f.heap.memory.buffer.byteLength - 4 * columns;
    f.settle();
    const call = () => f.pool.run(f32_bernoulli_nll, 2, row, row, loss, 0, 0, 2, columns);
    const error = assertSoon(() => assertThrows(call));
    assertMatch(error.message, /^Cannot finish f32_bernoulli_nll: a worker thread failed in it$|out of bounds/);
    assertThrows(() => f.pool.run(f32_clamp, 2, loss, 0, 1, 2), Error, "Cannot run f32_clamp: ");
    assertThrows(() => f.pool.run(f32_clamp, 1, loss, 0, 1, 2), Error, "Cannot run f32_clamp: ");
  }
});

Deno.test("Pool reports a trap in the calling thread, and refuses all further calls", () => {
  for (const threads of [1, 3]) {
    using f = new Fixture(threads);
    const out = f.heap.alloc(12), images = f.heap.alloc(8), indices = f.heap.alloc(12);
    new Int32Array(f.heap.memory.buffer, indices, 3).set([2 ** 30, 0, 0]);
    f.settle();
    assertSoon(() => assertThrows(() => f.pool.run(f32_gather, threads, images, indices, out, 3, 1, 255)));
    assertThrows(() => f.pool.run(f32_clamp, 1, out, 0, 1, 2), Error, "Cannot run f32_clamp: ");
  }
});

Deno.test("Pool does not hang when all parts but the caller's trap", () => {
  using f = new Fixture(4, 3);
  const out = f.heap.alloc(64), images = f.heap.alloc(64), indices = f.heap.alloc(64);
  new Int32Array(f.heap.memory.buffer, indices, 4).set([0, 2 ** 30, 2 ** 30, 2 ** 30]);
  assertSoon(() => assertThrows(() => f.pool.run(f32_gather, 4, images, indices, out, 4, 1, 255)));
});

Deno.test("Pool refuses calls once a worker was terminated", async () => {
  using f = new Fixture(3);
  f.settle();
  await f.workers[1].terminate();
  assertThrows(() => f.pool.run(f32_clamp, 3, 64, 0, 1, 1), Error, "Cannot run f32_clamp: a worker thread ended");
});

Deno.test("Pool does not hang on a worker that ended unnoticed while it slept", async () => {
  for (let round = 0; round < 4; round++) {
    using f = new Fixture(3, 3);
    const n = 1 << 16, x = f.heap.alloc(4 * n), worker = f.workers[round % 2];
    f.settle();
    worker.removeAllListeners("exit");
    const ended = worker.terminate();
    if (round > 1) await ended;
    try {
      for (let i = 0; i < 100; i++) {
        assertSoon(() => f.pool.run(f32_clamp, 3, x, i, i, n));
        assert(f.floats(x, n).every((v) => v === i)); // others did its part
      }
    } catch (error) { // it took a part with it
      assertEquals((error as Error).message, "Cannot finish f32_clamp: a worker thread gave no sign for 3 s");
    }
    await ended;
  }
});

Deno.test("Pool gives up on a worker that gives no sign, after its patience", () => {
  using f = new Fixture(2, 4);
  const x = f.heap.alloc(64), { pool } = f, real = pool.exports;
  let joins = 0;
  // As if a worker had been terminated in its part: each second that passes is one call of join.
  (pool as { exports: KernelExports }).exports = {
    ...real,
    GEMM_SCRATCH: real.GEMM_SCRATCH,
    fork: () => 1,
    join: () => (joins++, 1),
  };
  const call = () => pool.run(f32_clamp, 2, x, 0, 1, 16);
  assertThrows(call, Error, "Cannot finish f32_clamp: a worker thread gave no sign for 4 s");
  assertEquals(joins, 3); // fork itself has waited for the first second
  assertThrows(call, Error, "Cannot run f32_clamp: ");
  (pool as { exports: KernelExports }).exports = real;
});
