/**
 * Where the time of a step goes, kernel by kernel: microseconds of each call, in how many parts, GFLOP/s where it is a
 * product; and what is left between the calls, which no thread shares.
 */
import { start } from "../../mod.ts";
import { runtime } from "../../src/backend/start.ts";
import type { Kernel } from "../../src/kernels/bindings.ts";
import { resolveConfig } from "../../src/vae/config.ts";
import { parseKernels } from "../../wasm/bindings.ts";
import { readFlags } from "../flags.ts";
import { MODEL, training } from "../model.ts";
import { print } from "../result.ts";
import { median } from "../timing.ts";

const { threads, batch, hidden, steps, quick } = readFlags({
  threads: navigator.hardwareConcurrency,
  batch: 128,
  hidden: MODEL.encoder.hidden,
  steps: 200,
  quick: false,
});
await start({ threads });

/** One call of a step: always the same for the same place in the step, but for its time. */
type Call = { readonly kernel: string; readonly args: Record<string, number>; readonly parts: number; times: number[] };
const calls: Call[] = [];
let place = 0, inside = 0;

/** The names of a kernel's arguments: the sources say them. */
const names = new Map<string, string[]>();
const sources = new URL("../../wasm/kernels/", import.meta.url);
for (const { name } of Deno.readDirSync(sources)) {
  for (const kernel of parseKernels(name, Deno.readTextFileSync(new URL(name, sources)))) {
    names.set(kernel.name, kernel.params.map((param) => param.name));
  }
}

const trained = training(batch, resolveConfig({ input: 784, latent: 20, hidden })), rt = runtime();
for (let i = 0, end = performance.now() + 500; i < 10 || performance.now() < end; i++) trained.step();

const run = rt.run.bind(rt);
rt.run = (kernel: Kernel<number[]>, parts: number, ...args: number[]) => {
  const since = performance.now();
  run(kernel, parts, ...args);
  const ms = performance.now() - since;
  if (!calls[place]) {
    const named = (names.get(kernel.name) ?? []).map((name, i) => [name, args[i]] as const);
    calls[place] = { kernel: kernel.name, args: Object.fromEntries(named), parts, times: [] };
  }
  calls[place++].times.push(ms);
  inside += ms;
};

const whole: number[] = [], between: number[] = [];
for (let i = 0; i < (quick ? 20 : steps); i++) {
  place = inside = 0;
  const since = performance.now();
  trained.step();
  whole.push(performance.now() - since);
  between.push(whole[i] - inside);
}

for (const { kernel, args, parts, times } of calls) {
  const { M, N, K, ta, tb, n, rows, columns } = args, us = 1000 * median(times);
  const product = M !== undefined && N !== undefined && K !== undefined;
  const shape = product
    ? `${ta ? "T" : "N"}${tb ? "T" : "N"} ${M} x ${N} x ${K}`
    : n !== undefined
    ? `${n}`
    : `${rows} x ${columns}`;
  const gflops = product ? 2 * M * N * K / us / 1e3 : undefined;
  const dimensions = product ? { M, N, K, ta, tb } : { n: n ?? rows * columns };
  print({
    measure: "profile",
    of: "call",
    kernel,
    shape,
    ...dimensions,
    parts,
    us,
    least_us: 1000 * Math.min(...times),
    gflops,
  });
}
print({
  measure: "profile",
  of: "step",
  threads,
  batch,
  hidden,
  ms: median(whole),
  between_us: 1000 * median(between),
});
