/**
 * The peak of this machine, to measure shares of: multiply-adds in registers, on one core or on several at once. No code in
 * Wasm can be faster, so a share of it says how much is left to gain.
 *
 * @module
 */
import { Worker } from "node:worker_threads";

/** What {@linkcode measurePeak} gives, in GFLOP/s of all threads together. */
export type Peak = {
  readonly threads: number;
  /** From the median call of each thread: what a share is measured of, for the work's own time is a median too. */
  readonly gflops: number;
  /** From the fastest call of each thread. */
  readonly best: number;
};

type Exports = { readonly FLOPS: { readonly value: number }; peak(turns: number, x: number, y: number): number };
type Job = { readonly module: WebAssembly.Module; readonly gate: Int32Array; readonly milliseconds: number };

/** What each thread does: warms up, waits for the others, then times calls. Gives GFLOP/s: the median and the best. */
function run({ module, gate, milliseconds }: Job): [median: number, best: number] {
  const TURNS = 50_000; // 0.15 ms
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { FLOPS, peak } = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  // Wasm is compiled anew, and well, only between calls.
  for (const end = performance.now() + 100; performance.now() < end;) peak(TURNS, 0.5, 0.5);
  Atomics.sub(gate, 0, 1);
  while (Atomics.load(gate, 0) > 0) peak(100, 0.5, 0.5);
  const rates: number[] = [];
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const start = performance.now();
    peak(TURNS, 0.5, 0.5);
    rates.push(TURNS * FLOPS.value / (performance.now() - start) / 1e6);
  }
  rates.sort((a, b) => a - b);
  return [rates[rates.length >> 1], rates.at(-1)!];
}

const WORKER = new URL(
  "data:text/javascript," + encodeURIComponent(`
import { parentPort, workerData } from "node:worker_threads";
parentPort.postMessage((${run})(workerData));`),
);

/**
 * Measures the peak.
 *
 * @param threads How many threads compute at once, the calling one included; no more than there are cores.
 * @param milliseconds For how long.
 */
export async function measurePeak(threads = 1, milliseconds = 200): Promise<Peak> {
  const module = new WebAssembly.Module(await Deno.readFile(new URL("bin/peak.wasm", import.meta.url)));
  const gate = new Int32Array(new SharedArrayBuffer(4)).fill(threads);
  const job: Job = { module, gate, milliseconds };
  const others = Array.from({ length: threads - 1 }, () => {
    const worker = new Worker(WORKER, { workerData: job });
    return new Promise<[number, number]>((resolve, reject) => worker.once("message", resolve).once("error", reject));
  });
  const all = [run(job), ...await Promise.all(others)];
  const sum = (i: 0 | 1) => all.reduce((total, rates) => total + rates[i], 0);
  return { threads, gflops: sum(0), best: sum(1) };
}

/** Runs `body`, and measures the peak before and after it: the mean of both is what the machine could do meanwhile. */
export async function withPeak<T>(
  threads: readonly number[],
  body: () => T | Promise<T>,
): Promise<{ result: T; peaks: Map<number, number> }> {
  const measure = async () => {
    const peaks: number[] = [];
    for (const n of threads) peaks.push((await measurePeak(n)).gflops);
    return peaks;
  };
  const before = await measure(), result = await body(), after = await measure();
  return { result, peaks: new Map(threads.map((n, i) => [n, (before[i] + after[i]) / 2])) };
}
