/** What a round of the report runs: one process a job. */
import { basename } from "node:path";
import type { Result } from "../result.ts";
import { findChromium } from "../chromium.ts";
import { FOLDER, type Peers } from "./peers.ts";

/** A measurement or a peer's. */
export type Job = {
  readonly id: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** How a person would run it. */
  readonly shown: string;
  /** Why it cannot be run. */
  readonly missing?: string;
};

/** What a job printed, and how many seconds its process took; or how it failed. */
export type Outcome = { readonly results: Result[]; readonly wall: number } | { readonly failed: string };

/** Longer than anything takes; a peer that hangs must not stop the report. */
const TIMEOUT = 15 * 60_000;

/** All jobs. `quick` takes a few samples each, to see that all of it runs. */
export function jobs(peers: Peers, quick: boolean): Job[] {
  const extra = quick ? ["--quick"] : [], two = ["--threads", "2"];
  const measure = (id: string, ...args: string[]): Job => ({
    id,
    command: Deno.execPath(),
    args: ["run", "-A", "bench/measure.ts", ...args, ...extra],
    shown: ["deno task measure", ...args].join(" "),
  });
  const torch = (id: string, script: string, ...args: string[]): Job => ({
    id,
    command: peers.python ?? "python3",
    args: [`bench/peers/${script}`, ...args],
    shown: shown(["python3", `bench/peers/${script}`, ...args]).replace(peers.mnist ?? "FOLDER", "FOLDER"),
    missing: peers.missing.torch,
  });
  const onnx = (kind: string, threads: string): Job => ({
    id: `onnxruntime-${kind} ${threads}`,
    command: "node",
    args: ["onnxruntime.mjs", "--kind", kind, "--threads", threads, ...extra],
    cwd: FOLDER,
    shown: `node onnxruntime.mjs --kind ${kind} --threads ${threads}`,
    missing: peers.missing.onnxruntime,
  });
  const both = ["1", "2"];
  return [
    measure("gemm", "gemm", ...two),
    measure("step", "step", ...two),
    measure("stock", "stock", ...two),
    {
      id: "jax-js",
      command: Deno.execPath(),
      args: ["run", "-A", "bench/peers/jax_js.ts", ...extra],
      shown: "deno run -A bench/peers/jax_js.ts",
      missing: peers.missing.jax,
    },
    ...both.flatMap((threads) =>
      ["128", "512"].map((batch) =>
        torch(`torch ${threads} ${batch}`, "torch_vae.py", "--threads", threads, "--batch-size", batch, ...extra)
      )
    ),
    measure("train", "train"),
    ...both.map((threads): Job => {
      const args = ["--data", peers.mnist ?? "FOLDER", "--threads", threads, "--epochs", quick ? "1" : "10"];
      const job = torch(`torch mnist ${threads}`, "torch_mnist.py", ...args);
      return { ...job, missing: job.missing ?? (peers.mnist ? undefined : "MNIST could not be had") };
    }),
    measure("epoch", "epoch", ...two),
    ...both.map((threads) => measure(`latency ${threads}`, "latency", "--threads", threads)),
    ...["web", "node"].flatMap((kind) => both.map((threads) => onnx(kind, threads))),
    measure("startup", "startup"),
    measure("memory", "memory"),
    { ...measure("memory_stages", "memory_stages"), args: ["run", "-A", "bench/measure.ts", "memory_stages"] },
    measure("growth", "growth", ...two),
    measure("profile", "profile", ...two),
    measure("fork_join", "fork_join"),
    measure("threshold", "threshold"),
    measure("idle", "idle", ...two),
    measure("edge", "edge"),
    measure("edge_start", "edge_start"),
    measure("edge_attack", "edge_attack"),
    { ...measure("explorer", "explorer"), missing: findChromium() ? undefined : "there is no Chromium" },
    ...[2, 4, 8].map((n) => measure(`step on ${n}`, "step", "--threads", String(n), "--batches", "128")),
  ];
}

/** A command line, without what only a trial has. */
function shown(words: readonly string[]): string {
  return words.filter((word) => word !== "--quick").join(" ");
}

/** Runs a job in a new process. */
export async function runJob({ command, args, cwd }: Job): Promise<Outcome> {
  // They are set on some machines for a reason, and slow a current OpenBLAS down.
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = Deno.env.toObject();
  const start = performance.now();
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    const child = new Deno.Command(command, { args: [...args], cwd, env, clearEnv: true, signal });
    const { success, stdout, stderr } = await child.output();
    const wall = (performance.now() - start) / 1000, text = new TextDecoder();
    if (!success) return { failed: lastLine(text.decode(stderr)) || `${basename(command)} failed` };
    const lines = text.decode(stdout).split("\n").filter((line) => line.startsWith("{"));
    return { results: lines.map((line) => JSON.parse(line)), wall };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").findLast((line) => /error/i.test(line)) ?? text.trim().split("\n").at(-1) ?? "";
}
