/** The tables behind the rows: medians over rounds, one section a topic. */
import type { Result } from "../result.ts";
import { short, table } from "./markdown.ts";
import { merged, type Round, wall } from "./rounds.ts";
import { median } from "../timing.ts";

/** What the names of `deno task measure memory` and `startup` stand for, in the order of the tables. */
const MEMORY: Readonly<Record<string, string>> = {
  rss: "all of it, at the most",
  wasm_heap: "of it: the Wasm heap",
  array_buffers: "of it: ArrayBuffers of JavaScript, the images as they were read",
  program: "of it: Deno's program, mapped from its file",
  v8_heap: "of it: V8's heap",
  rest: "of it: the rest, such as compiled code and stacks",
  dataset: "in the Wasm heap: the images",
  tensors: "in the Wasm heap: tensors, the state among them",
  state: "in the Wasm heap: parameters and moments",
  arena: "in the Wasm heap: the arena for temporaries",
  wasm_heap_size: "the Wasm heap's size, resident or not",
  rss_median: "all of it, median over the run",
  rss_with_pictures: "all of it, at the most, drawing the pictures included",
  empty_process: "a process of Deno that does nothing",
};
const STARTUP: Readonly<Record<string, string>> = {
  total: "import to first finished step",
  min: "the same, the fastest process",
  boot: "before it: Deno starts, and reads the script",
};

type Cell = (result: Result) => string | number;
const field = (name: string): Cell => (result) => value(result[name]);
const percent = (name: string): Cell => (result) => `${(100 * (result[name] as number)).toFixed(1)} %`;

function value(of: unknown): string | number {
  return typeof of === "number" ? Number.isInteger(of) ? of : short(of) : String(of ?? "");
}

/** A table of a job's results; none if it did not run. */
function section(title: string, results: readonly Result[], columns: Readonly<Record<string, Cell>>): string {
  if (results.length === 0) return "";
  const cells = Object.values(columns);
  return `## ${title}\n\n${table(Object.keys(columns), results.map((result) => cells.map((cell) => cell(result))))}\n`;
}

/** All sections that there are results for. */
export function details(rounds: readonly Round[]): string[] {
  const all = (...jobs: string[]) => jobs.flatMap((job) => merged(rounds, job));
  const peers = all("jax-js", "torch 1 128", "torch 2 128", "torch 1 512", "torch 2 512");
  const stock = all("stock").map((r) => ({ ...r, peer: `${r.peer}, on the kernels of ${r.kernels}` }));
  const own = all("step").map((r) => ({ ...r, peer: "**elbo**" }));
  const seconds = (job: string) => median(rounds.map((round) => wall(round, job)).filter((s) => s !== undefined));
  const torch = ["torch mnist 1", "torch mnist 2"].flatMap((job) =>
    all(job).map((r) => ({ ...r, seconds: seconds(job), inside: r.seconds }))
  );
  const calls = all("latency 2", "latency 1").map((r) => ({ ...r, peer: "**elbo**" }));
  const onnx = all("onnxruntime-web 2", "onnxruntime-web 1", "onnxruntime-node 2", "onnxruntime-node 1");
  const parts = (job: string, labels: Readonly<Record<string, string>>) =>
    all(job).flatMap((r) =>
      Object.entries(labels).map(([name, label]): Result => ({ measure: job, label, n: r[name] }))
    );
  const phases = all("startup").flatMap((r) => Object.entries(r.phases as Record<string, number>))
    .map(([name, n]): Result => ({ measure: "startup", label: `by phase: ${name}`, n }));
  const edge = (of: string) => all("edge").filter((r) => r.of === of), starts = all("edge_start");
  const crowd = ["step on 2", "step on 4", "step on 8"];

  return [
    section("Products", all("gemm"), {
      layout: field("layout"),
      "M x N x K": (r) => `${r.M} x ${r.N} x ${r.K}`,
      threads: field("threads"),
      ms: field("ms"),
      "GFLOP/s": field("gflops"),
      "of the peak": percent("share"),
      "all threads against one": field("speedup"),
    }),
    section("A step", all("step"), {
      batch: field("batch"),
      threads: field("threads"),
      ms: field("ms"),
      "GFLOP/s": field("gflops"),
      "peak, GFLOP/s": field("peak"),
      "of the peak": percent("share"),
    }),
    section("A step, and its peers", [...own, ...stock, ...peers], {
      who: field("peer"),
      batch: field("batch"),
      threads: field("threads"),
      "ms, median": field("ms"),
      "ms, least": field("min"),
    }),
    section("Where a step's time goes, batch 128", all("profile"), {
      kernel: (r) => r.of === "call" ? String(r.kernel) : `between the calls, of ${value(r.ms)} ms in all`,
      shape: field("shape"),
      parts: field("parts"),
      us: (r) => value(r.of === "call" ? r.us : r.between_us),
      "GFLOP/s": field("gflops"),
    }),
    section("MNIST", [...all("train").map((r) => ({ ...r, peer: "**elbo**", inside: r.stepping })), ...torch], {
      who: field("peer"),
      threads: (r) => value(r.threads ?? "all"),
      epochs: field("epochs"),
      "seconds, the whole process": field("seconds"),
      "seconds in training": field("inside"),
      "test loss at the end": field("test"),
    }),
    section("An epoch", all("epoch"), {
      "epoch, ms": field("epoch_ms"),
      "its steps alone, ms": field("steps_ms"),
      more: percent("overhead"),
    }),
    section("Encoding and decoding", [...calls, ...onnx], {
      who: field("peer"),
      call: field("call"),
      batch: field("batch"),
      threads: field("threads"),
      "ms, median": field("ms"),
      "ms, least": field("min"),
    }),
    section("Start-up", [...parts("startup", STARTUP), ...phases], { "cold process": field("label"), ms: field("n") }),
    section("Memory", parts("memory", MEMORY), { "while training MNIST": field("label"), MB: field("n") }),
    section("Memory, stage by stage", all("memory_stages"), {
      "a program that trains for an epoch": field("stage"),
      "MB in all": field("rss"),
      "MB added": field("added"),
    }),
    section("Growth", all("growth"), {
      along: field("along"),
      batch: field("batch"),
      hidden: field("hidden"),
      "ms a step": field("ms"),
      "ps a multiply-add": field("picoseconds"),
      "above the cheapest up to it": percent("rise"),
    }),
    section("Fork and join, microseconds of an empty call", all("fork_join"), {
      threads: field("threads"),
      "following each other": field("empty"),
      "threads asleep": field("asleep"),
      "with work for each thread: added to it": field("shared"),
    }),
    section("From which work on two threads pay", all("threshold").filter((r) => r.of), {
      of: field("of"),
      work: field("work"),
      "us on one": field("one"),
      "us on two": field("two"),
      faster: field("speedup"),
    }),
    section("More threads than cores", all(...crowd), {
      threads: field("threads"),
      batch: field("batch"),
      "ms a step": field("ms"),
    }),
    section("Edge: size", edge("size"), {
      minified: field("part"),
      KB: field("kb"),
      "KB, gzipped": field("gzipped_kb"),
    }),
    section("Edge: encoding and decoding, one thread, without tfjs", edge("call"), {
      in: field("where"),
      call: field("call"),
      batch: field("batch"),
      "ms, median": field("ms"),
      "ms, least": field("min"),
      "memory beside the weights, MB": ({ where, batch }) =>
        value(where === "deno" ? edge("memory").find((r) => r.batch === batch)?.beside_mb : undefined),
    }),
    section("Edge: start-up of a new process", starts.filter((r) => r.phase === undefined), {
      in: field("where"),
      "ms, nothing": field("empty"),
      "ms, and the model's file": field("file"),
      "ms, first `decode`": field("decode"),
      "beyond nothing": field("beyond"),
      "beyond the file": field("beyond_file"),
    }),
    section("Edge: start-up by phase", starts.filter((r) => r.phase !== undefined), {
      "in Deno": field("phase"),
      ms: field("ms"),
    }),
    section("The explorer in Chromium, 784-400-20, dragged", all("explorer"), {
      what: field("target"),
      "frames a second": field("fps"),
      "ms to the next, median": field("median"),
      "99 of 100": field("p99"),
      "the most": field("max"),
    }),
  ].filter((text) => text !== "");
}
