/** Starting and stopping: what runs, what it says, and what it refuses. */
import { show } from "../../src/checks/show.ts";
import { dispose, foldIn, generate, init, key, type Simd, start, step, stop, tf } from "../../mod.ts";
import { engine } from "../../src/backend/start.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { batchOf, floatsOf } from "../api/model.ts";
import { entries, relativeError } from "../api/reference.ts";

const CORES = navigator.hardwareConcurrency;
const CONFIG = { input: 6, hidden: [5], latent: 2 };

/** A test that begins and ends with nothing running. */
function fresh(name: string, body: () => Promise<void> | void): void {
  Deno.test(name, async () => {
    stop();
    try {
      await body();
    } finally {
      stop();
    }
  });
}

fresh("start gives tfjs and the kernels the threads that were asked for", async () => {
  for (const threads of [1, 2, 3, 4]) {
    assertEquals(await start({ threads }), { threads, simd: "relaxed" });
    assertEquals(tf.getBackend(), "wasm");
    const { backend, runtime } = engine();
    assertEquals([backend.wasm.tfjs.getThreadsCount(), runtime.threads], [threads, threads]);
    assert(engine().memory.buffer instanceof SharedArrayBuffer);
    stop();
  }
});

fresh("start takes the number of logical cores and relaxed SIMD by default", async () => {
  assertEquals(await start(), { threads: CORES, simd: "relaxed" });
});

fresh("start may be called again, and at once, and starts one engine", async () => {
  const statuses = await Promise.all([
    start({ threads: 2 }),
    start({ threads: 2 }),
    start(),
    start({ simd: "relaxed" }),
  ]);
  assertEquals(statuses, Array(4).fill({ threads: 2, simd: "relaxed" }));
  const { memory } = engine();
  assertEquals(await start({ threads: 2 }), statuses[0]);
  assertEquals(engine().memory, memory);
});

fresh("start called at once for baseline SIMD, which has to be loaded, starts one engine", async () => {
  const options = { threads: 2, simd: "baseline" as const };
  assertEquals(await Promise.all([start(options), start(options)]), [options, options]);
});

fresh("start refuses other options than what runs has, and leaves it running", async () => {
  await start({ threads: 2 });
  const { memory } = engine();
  const running = "running with 2 and relaxed, call stop() first";
  const refused = (options: Parameters<typeof start>[0], message: string) =>
    assertRejects(() => start(options), Error, `Cannot start with ${message}: ${running}`);
  await refused({ threads: 1 }, "1 threads and relaxed SIMD");
  await refused({ threads: 2, simd: "baseline" }, "2 threads and baseline SIMD");
  assertEquals(engine().memory, memory);
  assertEquals(await start(), { threads: 2, simd: "relaxed" });
});

fresh("of two calls at once that contradict each other one is refused", async () => {
  const results = await Promise.allSettled([start({ threads: 1 }), start({ threads: 2 })]);
  assertEquals(results.map(({ status }) => status), ["fulfilled", "rejected"]);
  stop();
  const mixed = await Promise.allSettled([start({ threads: 1, simd: "baseline" }), start({ threads: 1 })]);
  assertEquals(mixed.map(({ status }) => status), ["rejected", "fulfilled"]);
});

fresh("start refuses threads and simd that there are not, and starts nothing", async () => {
  for (const threads of [0, -1, 255, 1.5, NaN, Infinity, "2" as unknown as number]) {
    const message = `Cannot start: expected threads to be an integer from 1 to 254, got ${show(threads)}`;
    assertEquals((await assertRejects(() => start({ threads }), RangeError)).message, message);
  }
  const simd = "sse" as Simd, message = 'Cannot start: expected simd to be "relaxed" or "baseline", got "sse"';
  assertEquals((await assertRejects(() => start({ simd }), RangeError)).message, message);
  assertEquals(await start({ threads: 1, simd: "baseline" }), { threads: 1, simd: "baseline" });
});

fresh("stop may be called at any time, and start starts anew", async () => {
  stop();
  for (const threads of [2, 1, 2]) {
    assertEquals(await start({ threads }), { threads, simd: "relaxed" });
    generate(init(CONFIG, { key: key(0) }).params, { n: 3, key: key(1) });
    stop();
    stop();
  }
  assertEquals(await start(), { threads: CORES, simd: "relaxed" });
});

fresh("the first operation of tfjs starts the defaults", async () => {
  assertEquals([...tf.add(tf.tensor1d([1, 2]), 1).dataSync()], [2, 3]);
  assertEquals(tf.getBackend(), "wasm");
  assertEquals(engine().backend.wasm.tfjs.getThreadsCount(), CORES);
  assertEquals(await start(), { threads: CORES, simd: "relaxed" });
});

fresh("the first function of the api starts the defaults", async () => {
  assertEquals(init(CONFIG, { key: key(0) }).step, 0);
  assertEquals(await start(), { threads: CORES, simd: "relaxed" });
});

fresh("a state from before stop says what became of it, and can be disposed of", async () => {
  const { numTensors } = tf.memory();
  await start({ threads: 2 });
  const state = init(CONFIG, { key: key(0) }), view = state.params.encoder.mean.kernel.clone();
  stop();
  const gone = "Cannot read a tensor made before stop(): its heap was given up";
  assertThrows(() => view.dataSync(), Error, gone);
  await start({ threads: 1 });
  assertThrows(() => generate(state.params, { n: 1, key: key(0) }), Error, gone);
  assertThrows(() => tf.add(view, 1), Error, gone);
  dispose([state, view]);
  assertEquals(tf.memory().numTensors, numTensors);
  stop();
});

fresh("a whole training runs on baseline SIMD, and agrees with relaxed to 1e-4", async () => {
  const train = async (simd: Simd) => {
    assertEquals((await start({ simd })).simd, simd);
    const x = batchOf(61, 784), losses: number[] = [];
    let state = init({ input: 784, hidden: [97], latent: 7 }, { key: key(0) });
    for (let i = 0; i < 10; i++) {
      const [next, { loss }] = step(state, x, { key: foldIn(key(1), i) });
      state = next;
      losses.push(loss);
    }
    const params = entries(state.params).map(([name, t]) => [name, floatsOf(t)] as const);
    stop();
    return { losses, params };
  };
  const relaxed = await train("relaxed"), baseline = await train("baseline");
  relaxed.losses.forEach((loss, i) => assertAlmostEquals(baseline.losses[i], loss, 1e-4 * loss));
  relaxed.params.forEach(([name, values], i) => {
    const error = relativeError(baseline.params[i][1], values);
    assert(error < 1e-4, `${name}: relative error ${error}`);
  });
});

fresh("starting and stopping over and over does not run out of anything", async () => {
  for (let i = 0; i < 40; i++) {
    await start({ threads: 2 });
    dispose(step(init(CONFIG, { key: key(0) }), batchOf(4, 6), { key: key(1) })[0]);
    stop();
  }
});
