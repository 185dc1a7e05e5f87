/**
 * Predicts a step on 4, 8 and 16 cores, for the model and for one of ten times its parameters, from what two cores show:
 * prints the tables of bench/SCALING.md, and puts them there if asked to.
 *
 *     deno task bench:scaling --write
 */
import { resolveConfig } from "../src/vae/config.ts";
import { readFlags } from "./flags.ts";
import { parameters, stepFlops } from "./flops.ts";
import { measurePeak } from "./peak.ts";
import { runJob } from "./report/jobs.ts";
import { machine } from "./report/machine.ts";
import { short, table } from "./report/markdown.ts";
import { succeeds } from "./report/peers.ts";
import type { Result } from "./result.ts";
import { type Call, type Costs, predict, type Prediction } from "./scaling_model.ts";

const { write, quick } = readFlags({ write: false, quick: false });
Deno.chdir(new URL("../", import.meta.url));
const PAGE = "bench/SCALING.md", BEGIN = "<!-- begin: deno task bench:scaling -->", END = "<!-- end -->";
const CORES = [4, 8, 16], NETS = [[400], [4000]], BATCHES = [128, 512];

async function measure(...args: string[]): Promise<Result[]> {
  console.error(`deno task measure ${args.join(" ")}`);
  const all = ["run", "-A", "bench/measure.ts", ...args, ...quick ? ["--quick"] : []];
  const outcome = await runJob({ id: args[0], command: Deno.execPath(), args: all, shown: "" });
  if ("failed" in outcome) throw new Error(`Cannot measure ${args[0]}: ${outcome.failed}`);
  return outcome.results;
}

/** A step's profile on so many threads; more than there are cores tell into how many parts calls are cut. */
async function profile(threads: number, batch: number, hidden: readonly number[], steps: number) {
  const flags = { threads, batch, hidden: hidden.join(","), steps };
  const lines = await measure(
    "profile",
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]),
  );
  const calls = lines.filter((line) => line.of === "call"), step = lines.find((line) => line.of === "step")!;
  return { calls, ms: step.ms as number, between: step.between_us as number };
}

/** Bytes of the last level cache, where Linux tells; else 32 MB. */
function lastCache(): number {
  try {
    const size = Deno.readTextFileSync("/sys/devices/system/cpu/cpu0/cache/index3/size");
    return parseInt(size) * (size.includes("M") ? 2 ** 20 : 2 ** 10);
  } catch {
    return 32 * 2 ** 20;
  }
}

const fork = Math.max(0, (await measure("fork_join", "--threads", "2"))[0].shared as number);
const bandwidths = (await measure("bandwidth", "--threads", "2")).filter((line) => line.parameters === 2 ** 24);
const bandwidth = 1000 * (bandwidths.find((line) => line.threads === 2)!.gbps as number);
const peak = (await measurePeak(1)).gflops, cache = lastCache();

const times: (string | number)[][] = [], losses: (string | number)[][] = [];
for (const hidden of NETS) {
  for (const batch of BATCHES) {
    const config = resolveConfig({ input: 784, latent: 20, hidden }), name = `784-${hidden}-20`;
    const steps = Math.max(20, Math.round(2e11 / stepFlops(config, batch) / 3));
    const one = await profile(1, batch, hidden, steps), two = await profile(2, batch, hidden, steps);
    // The least times: what is repeated is a difference of two, and noise would pass for it.
    const calls = one.calls.map((call, i) =>
      ({ ...call, one: call.least_us, two: two.calls[i].least_us }) as unknown as Call
    );
    const costs: Costs = { fork, bandwidth, cache, between: two.between, parameters: parameters(config) };
    const gflop = stepFlops(config, batch) / 1e9;
    const row = (cores: number, ms: number, how: string) => {
      const share = gflop / ms * 1e3 / (peak * cores);
      return [name, batch, cores, short(ms), short(one.ms / ms), `${(100 * share).toFixed(0)} %`, how];
    };
    times.push(row(1, one.ms, "measured"), row(2, two.ms, "measured"));
    for (const cores of CORES) {
      const cut = (await profile(cores, batch, hidden, 3)).calls.map((call) => call.parts as number);
      const predicted = predict(calls, cut, costs);
      times.push(row(cores, predicted.total / 1000, "predicted"));
      if (cores === CORES.at(-1)) losses.push([name, batch, ...breakdown(predicted)]);
    }
  }
}

/** Percent of the step for each cause. */
function breakdown(predicted: Prediction): string[] {
  const { total, ...causes } = predicted;
  return Object.values(causes).map((us) => `${(100 * us / total).toFixed(0)} %`);
}

const text = [
  BEGIN,
  "",
  table(["measured on", ""], [
    ...await machine(),
    ["peak of one core", `${short(peak)} GFLOP/s`],
    ["fork and join of two threads", `${short(fork)} us`],
    ["memory beyond the caches, two threads", `${short(bandwidth / 1000)} GB/s`],
    ["last level cache", `${short(cache / 2 ** 20)} MiB`],
  ]),
  "",
  table(["model", "batch", "cores", "ms a step", "times one core", "of the peak", ""], times),
  "",
  `Where the time goes on ${CORES.at(-1)} cores:`,
  "",
  table(
    [
      "model",
      "batch",
      "work",
      "between calls",
      "calls not cut",
      "fork and join",
      "tiles left over",
      "repeated",
      "memory",
    ],
    losses,
  ),
  "",
  END,
].join("\n");
console.log(text);
if (write) {
  const page = await Deno.readTextFile(PAGE), begin = page.indexOf(BEGIN), end = page.indexOf(END);
  if (begin < 0 || end < 0) throw new Error(`Cannot write ${PAGE}: expected ${BEGIN} and ${END} in it`);
  await Deno.writeTextFile(PAGE, page.slice(0, begin) + text + page.slice(end + END.length));
  await succeeds(Deno.execPath(), ["fmt", "--quiet", PAGE]);
}
