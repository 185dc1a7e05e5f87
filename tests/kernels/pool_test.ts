import { f32_activation, f32_clamp, u32_bits } from "../../src/kernels/bindings.ts";
import { Pool } from "../../src/kernels/pool.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { BUILDS } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";
import { Fixture, HANG_MS } from "./pool_fixture.ts";

for (const threads of [1, 2, 4, 8]) {
  Deno.test(`Pool runs 100,000 short calls right on ${threads} threads`, () => {
    using f = new Fixture(threads);
    const n = 16 * threads, x = f.heap.alloc(4 * n), y = f.heap.alloc(4 * n);
    const from = f.floats(x, n), to = f.floats(y, n);
    for (let i = 0; i < 100_000; i += 2) {
      const parts = 1 + (i >> 1) % threads;
      // Two kernels in turn, with other arguments and another number of parts each time.
      f.pool.run(f32_clamp, threads, x, i, i, n);
      f.pool.run(f32_activation, parts, 0, x, y, n);
      if (from.some((v) => v !== i) || to.some((v) => v !== i)) throw new Error(`call ${i} in ${parts} parts is wrong`);
      if (i % 10_000 === 0) f.settle(); // the next call has to wake them
    }
  });
}

Deno.test("Pool gives the same bits whoever of many threads does which part", () => {
  using f = new Fixture(8);
  const n = 100_003, out = f.heap.alloc(4 * n);
  const bits = () => new Uint32Array(f.heap.memory.buffer, out, n);
  f.pool.run(u32_bits, 1, 1, 2, out, n);
  const want = bits().slice();
  for (let i = 0; i < 200; i++) {
    bits().fill(0);
    f.pool.run(u32_bits, 1 + i % 8, 1, 2, out, n);
    assert(bits().every((v, k) => v === want[k]), `run ${i}`);
  }
});

Deno.test("Pool cuts a call into no more parts than it has threads", () => {
  using f = new Fixture(2);
  const x = f.heap.alloc(4096);
  f.floats(x, 1024).fill(5);
  f.pool.run(f32_clamp, 200, x, 0, 1, 1024);
  assert(f.floats(x, 1024).every((v) => v === 1));
});

Deno.test("Pool works on while the heap grows", () => {
  using f = new Fixture(2);
  for (let i = 0; i < 20; i++) {
    const x = f.heap.alloc(4 << 20);
    f.pool.run(f32_clamp, 2, x, i, i, 1 << 20);
    assert(f.floats(x, 1 << 20).every((v) => v === i));
  }
});

Deno.test("Pool refuses a number of threads that is not an integer from 1 to 254", () => {
  for (const threads of [0, -1, 1.5, NaN, 255, Infinity, "2" as unknown as number]) {
    const heap = new BumpHeap();
    assertThrows(
      () => new Pool(BUILDS.baseline.threads, heap, threads),
      RangeError,
      `Cannot start threads: expected an integer from 1 to 254, got ${threads}`,
    );
    assertEquals(heap.used, 0);
  }
});

Deno.test("Pool.stop ends the workers at once, and refuses further calls", async () => {
  for (const settled of [true, false]) {
    using f = new Fixture(5);
    if (settled) f.settle();
    const ended = f.workers.map((worker) => new Promise((resolve) => worker.on("exit", resolve)));
    f.pool.stop();
    const { promise: late, resolve } = Promise.withResolvers<string>();
    const alarm = setTimeout(() => resolve("late"), HANG_MS);
    assertEquals(await Promise.race([Promise.all(ended).then(() => "ended"), late]), "ended");
    clearTimeout(alarm);
    assertThrows(
      () => f.pool.run(f32_clamp, 1, 64, 0, 1, 1),
      Error,
      "Cannot run f32_clamp: the thread pool was stopped",
    );
    f.pool.stop(); // does nothing
  }
});

Deno.test("pools do not disturb each other", () => {
  using a = new Fixture(3);
  using b = new Fixture(3);
  const n = 4096, x = a.heap.alloc(4 * n), y = b.heap.alloc(4 * n);
  for (let i = 0; i < 1000; i++) {
    a.pool.run(f32_clamp, 3, x, i, i, n), b.pool.run(f32_clamp, 3, y, -i, -i, n);
  }
  assert(a.floats(x, n).every((v) => v === 999) && b.floats(y, n).every((v) => v === -999));
});

/** Runs pool_script.ts in a process of its own, with no permission but to read; what it prints, and how long it took. */
async function script(...args: string[]): Promise<{ text: string; ms: number }> {
  const start = performance.now(), path = new URL("pool_script.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--allow-read", path.href, ...args],
    stderr: "inherit",
    signal: AbortSignal.timeout(HANG_MS),
  });
  const { success, stdout } = await child.output();
  assert(success, `pool_script.ts ${args.join(" ")} failed, or did not end by itself`);
  return { text: new TextDecoder().decode(stdout).trim(), ms: performance.now() - start };
}

Deno.test("a program that stopped its pool ends by itself", async () => {
  assertEquals((await script("stop", "4")).text, "");
});

Deno.test("a program that left its pool alone ends by itself", async () => {
  assertEquals((await script("abandon", "4")).text, "");
});

Deno.test("an idle pool uses next to no processor time", async () => {
  const used = Number((await script("idle", "4")).text);
  assert(used < 100, `${used} ms of CPU time in 300 ms`); // three spinning workers take 600
});
