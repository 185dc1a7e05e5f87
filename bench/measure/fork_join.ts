/**
 * What fork and join cost, in microseconds a call.
 *
 * `empty`: a kernel without work, cut into a part for each thread, calls following each other as in a step; the caller then
 * mostly takes all parts itself before anyone else could. `asleep`: the same when the threads had time to fall asleep, as
 * before the first call of a request. `shared`: what a call takes longer than one part alone, where each thread has a part
 * of 8 microseconds; only for as many threads as there are cores.
 */
import { f32_activation } from "../../src/kernels/bindings.ts";
import { allocAligned } from "../../src/kernels/heap.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { forced } from "../runtimes.ts";
import { median, time, timeTogether } from "../timing.ts";

const { threads: counts, quick } = readFlags({ threads: [1, 2, 4, 8], quick: false });
const cores = navigator.hardwareConcurrency, N = 32768, RELU = 1, SLEEPS = quick ? 20 : 200;
const x = allocAligned(forced(1).heap, 4 * N * Math.max(...counts)).ptr;

for (const threads of counts) {
  const one = forced(1), rt = forced(threads), call = () => rt.run(f32_activation, threads, RELU, x, x, 0);
  const empty = time(() => {
    for (let i = 0; i < 100; i++) call();
  }, quick ? { samples: 5 } : { samples: 101 });

  const [alone, together] = timeTogether([
    () => one.run(f32_activation, 1, RELU, x, x, N),
    () => rt.run(f32_activation, threads, RELU, x, x, N * threads),
  ], quick ? { samples: 5 } : { samples: 101 });

  const times: number[] = [];
  for (let i = 0; i < SLEEPS; i++) {
    for (const end = performance.now() + 1; performance.now() < end;); // threads spin for less than that
    const start = performance.now();
    call();
    times.push(1000 * (performance.now() - start));
  }
  const shared = threads <= cores ? 1000 * (together.median - alone.median) : undefined;
  print({ measure: "fork_join", threads, cores, empty: empty.median * 10, asleep: median(times), shared });
}
Deno.exit(0);
