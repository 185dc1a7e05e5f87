/**
 * A program of its own for pool_test.ts: `pool_script.ts <how> <threads>` uses a pool, then leaves it ("abandon") or
 * stops it ("stop") and has nothing more to do, or prints the milliseconds of CPU time that an idle pool used ("idle").
 *
 * @module
 */
import process from "node:process";
import { f32_clamp } from "../../src/kernels/bindings.ts";
import { Pool } from "../../src/kernels/pool.ts";
import { BUILDS } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";

const IDLE_MS = 300;

const [how, threads] = Deno.args;
const heap = new BumpHeap(), pool = new Pool(BUILDS.baseline.threads, heap, Number(threads));
const x = heap.alloc(4096);
for (let i = 0; i < 1000; i++) pool.run(f32_clamp, pool.threads, x, 0, 1, 1024);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
await pause(200); // all workers are up, and have nothing to do
if (how === "idle") {
  const before = process.cpuUsage();
  await pause(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1000);
}
if (how === "stop") pool.stop();
