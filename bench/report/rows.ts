/** What training, and inference on tfjs's heap, are to reach. */
import { greatest, least, number, ratio, results, type Round, wall } from "./rounds.ts";
import { atLeast, atMost, type Row, row } from "./row.ts";

const ONE = { threads: 1 }, B128 = { batch: 128 }, B512 = { batch: 512 };
const CALLS = ["encode", "decode"];

function gemm(round: Round, name: "share" | "speedup", where: object): number | undefined {
  return least(...results(round, "gemm", { ...where }).map((result) => result[name] as number));
}

/** PyTorch's step: the better of one and two threads. */
const torch = (round: Round, batch: number) => least(...[1, 2].map((n) => number(round, `torch ${n} ${batch}`, "ms")));
const torchJobs = (batch: number) => [1, 2].map((n) => `torch ${n} ${batch}`);
const step = (round: Round, where: object) => number(round, "step", "ms", { ...where });

/** The slower of both calls. */
function latency(round: Round, batch: number): number | undefined {
  return greatest(...CALLS.map((call) => number(round, "latency 2", "ms", { call, batch })));
}

function onnxruntime(round: Round): number | undefined {
  const where = (call: string) => ({ call, ...B128 });
  return least(
    ...CALLS.map((call) =>
      ratio(number(round, "onnxruntime-web 2", "ms", where(call)), number(round, "latency 2", "ms", where(call)))
    ),
  );
}

function rise(round: Round, along: string): number | undefined {
  return greatest(...results(round, "growth", { along }).map((result) => result.rise as number));
}

/** Percents are fractions here. */
export const ROWS: readonly Row[] = [
  ...[B128, B512].map((where) =>
    row(
      `GEMM, large shapes, batch ${where.batch}, one thread, the slowest shape: share of one core's peak`,
      0.88,
      "%",
      atLeast,
      ["gemm"],
      (round) => gemm(round, "share", { ...where, ...ONE }),
    )
  ),
  row(
    "the same on two threads against one, the worst shape",
    1.9,
    "times",
    atLeast,
    ["gemm"],
    (round) => gemm(round, "speedup", ONE),
  ),
  ...([[128, 0.75], [512, 0.85], [2048, 0.85]] as const).map(([batch, reach]) =>
    row(
      `whole step, batch ${batch}, two threads: share of two cores' peak`,
      reach,
      "%",
      atLeast,
      ["step"],
      (round) => number(round, "step", "share", { batch }),
    )
  ),
  row(
    "step against stock tfjs with threads, batch 128",
    28,
    "times",
    atLeast,
    ["step", "stock"],
    (round) => ratio(number(round, "stock", "ms", { kernels: "tfjs" }), step(round, B128)),
  ),
  row(
    "step against jax-js, batch 128",
    4.5,
    "times",
    atLeast,
    ["step", "jax-js"],
    (round) => ratio(number(round, "jax-js", "ms"), step(round, B128)),
  ),
  ...([[128, 1.6], [512, 1.2]] as const).map(([batch, reach]) =>
    row(
      `step against PyTorch (better of 1 and 2 threads), batch ${batch}`,
      reach,
      "times",
      atLeast,
      ["step", ...torchJobs(batch)],
      (round) => ratio(torch(round, batch), step(round, { batch })),
    )
  ),
  row(
    "`deno task train`, ten epochs of MNIST, against PyTorch (better of 1 and 2 threads), wall time",
    1.5,
    "times",
    atLeast,
    ["train", "torch mnist 1", "torch mnist 2"],
    (round) => ratio(least(...[1, 2].map((n) => wall(round, `torch mnist ${n}`))), number(round, "train", "seconds")),
  ),
  row(
    "a whole MNIST epoch against its steps alone: how much more",
    0.05,
    "%",
    atMost,
    ["epoch"],
    (round) => number(round, "epoch", "overhead"),
  ),
  row(
    "`encode` and `decode` of one, the slower of both, median",
    0.06,
    "ms",
    atMost,
    ["latency 2"],
    (round) => latency(round, 1),
  ),
  row(
    "`encode` and `decode` of 128, two threads, the slower of both",
    1,
    "ms",
    atMost,
    ["latency 2"],
    (round) => latency(round, 128),
  ),
  row("the same against onnxruntime-web, the worse of both", 2.2, "times", atLeast, [
    "latency 2",
    "onnxruntime-web 2",
  ], onnxruntime),
  row(
    "import to first finished step, cold process",
    300,
    "ms",
    atMost,
    ["startup"],
    (round) => number(round, "startup", "total"),
  ),
  row(
    "resident memory while training MNIST, the most",
    250,
    "MB",
    atMost,
    ["memory"],
    (round) => number(round, "memory", "rss"),
  ),
  row(
    "time per multiply-add as batch grows 64 to 4096: most it rises",
    0.1,
    "%",
    atMost,
    ["growth"],
    (round) => rise(round, "batch"),
  ),
  row(
    "time per multiply-add as hidden grows 200 to 1600: most it rises",
    0.1,
    "%",
    atMost,
    ["growth"],
    (round) => rise(round, "hidden"),
  ),
  row(
    "stock tfjs program's step, after importing elbo against before",
    5,
    "times",
    atLeast,
    ["stock"],
    (round) =>
      ratio(number(round, "stock", "ms", { kernels: "tfjs" }), number(round, "stock", "ms", { kernels: "elbo" })),
  ),
  row(
    "a step with 4 and 8 threads on 2 cores: speed against 2 threads, the worse of both",
    0.5,
    "times",
    atLeast,
    [
      "step on 2",
      "step on 4",
      "step on 8",
    ],
    (round) =>
      least(...[4, 8].map((n) => ratio(number(round, "step on 2", "ms"), number(round, `step on ${n}`, "ms")))),
  ),
  row(
    "an idle process: processor time in a second",
    10,
    "ms",
    atMost,
    ["idle"],
    (round) => number(round, "idle", "cpu_ms"),
  ),
];
