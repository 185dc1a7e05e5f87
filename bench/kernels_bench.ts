/**
 * Every kernel at the sizes that the registry gives it, on one thread and on all. `deno bench` shows times; what follows
 * them says GFLOP/s or GB/s, and of products the share of the peak that was measured in the same run.
 *
 *     deno task bench bench/kernels_bench.ts
 */
import { type Entry, type Numbers, prepare, REGISTRY } from "../wasm/registry.ts";
import { allocAligned } from "../src/kernels/heap.ts";
import { measurePeak } from "./peak.ts";
import { short } from "./report/markdown.ts";
import { forced } from "./runtimes.ts";
import { median } from "./timing.ts";

const cores = navigator.hardwareConcurrency, counts = cores > 1 ? [1, cores] : [1];
const peaks = new Map<number, number>();
for (const threads of counts) peaks.set(threads, (await measurePeak(threads)).gflops);

/** What the times of one case come to. */
type Case = { readonly name: string; readonly threads: number; readonly work: ReturnType<Entry["work"]>; ms: number[] };
const cases: Case[] = [];

function register(entry: Entry, size: Numbers) {
  const { kernel } = entry, { heap } = forced(1);
  const { args } = prepare(entry, size, {
    memory: heap.memory,
    place: (bytes) => allocAligned(heap, bytes).ptr,
    parts: cores,
    scratchBytes: forced(1).scratchBytes,
  });
  const text = Object.entries(size).filter(([, value]) => value > 0).map(([name, value]) => `${name} ${value}`).join(
    ", ",
  );
  const group = `${kernel.name} ${text}`;
  for (const threads of counts) {
    const rt = forced(threads), ms: number[] = [];
    cases.push({ name: group, threads, work: entry.work(size), ms });
    Deno.bench(`${kernel.name}, threads ${threads}`, { group, baseline: threads === 1 }, () => {
      const start = performance.now();
      rt.run(kernel, threads, ...args);
      ms.push(performance.now() - start);
    });
  }
}

for (const entry of REGISTRY) for (const size of entry.bench) register(entry, size);

globalThis.addEventListener("unload", () => {
  const measured = cases.filter(({ ms }) => ms.length > 0); // not those that --filter left out
  console.error(counts.map((n) => `peak, threads ${n}: ${peaks.get(n)!.toFixed(1)} GFLOP/s`).join("; "));
  for (const { name, threads, work: { flops, bytes }, ms } of measured) {
    const time = median(ms), rate = (flops ?? bytes) / time / 1e6;
    const share = flops ? `, ${(100 * rate / peaks.get(threads)!).toFixed(0)} % of the peak` : "";
    const speed = `${rate.toFixed(1)} ${flops ? "GFLOP/s" : "GB/s"}${share}`;
    console.error(`${name}, threads ${threads}: ${short(1000 * time)} us, ${speed}`);
  }
});
