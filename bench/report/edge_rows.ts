/** What inference without tfjs, and the explorer, are to reach. */
import { greatest, number, type Round, sum } from "./rounds.ts";
import { atMost, type Row, row } from "./row.ts";

const edge = (round: Round, name: string, where: object) => number(round, "edge", name, { ...where });

export const EDGE_ROWS: readonly Row[] = [
  row(
    "edge: code and kernels, gzipped",
    25,
    "KB",
    atMost,
    ["edge"],
    (round) => sum(...["src/edge/mod.ts", "edge_relaxed.wasm"].map((part) => edge(round, "gzipped_kb", { part }))),
  ),
  // A worker that does nothing has no model's file to read either, so the second says what is elbo's of the first.
  ...([["beyond", "one that does nothing"], ["beyond_file", "one that only has the model's file"]] as const).flatMap((
    [name, beside],
  ) =>
    ["deno run", "workerd"].map((where) =>
      row(
        `edge: import to first \`decode\`, new process of ${where}, beyond ${beside}`,
        10,
        "ms",
        atMost,
        ["edge_start"],
        (round) => number(round, "edge_start", name, { where }),
      )
    )
  ),
  row(
    "edge: `decode` of one, median, the slower of Deno and workerd",
    0.1,
    "ms",
    atMost,
    ["edge"],
    (round) => greatest(...["deno", "workerd"].map((where) => edge(round, "ms", { where, call: "decode", batch: 1 }))),
  ),
  row(
    "edge: memory of a loaded model that decoded one, beyond its weights",
    2,
    "MB",
    atMost,
    ["edge"],
    (round) => edge(round, "beside_mb", { of: "memory", batch: 1 }),
  ),
  row(
    "handler: `/health` while 27 clients ask for all that they may, 99 of 100",
    100,
    "ms",
    atMost,
    ["edge_attack"],
    (round) => number(round, "edge_attack", "p99_ms", { under: "attack" }),
  ),
  row(
    "explorer: while a slider or the plane is dragged, from one frame to the next, 99 of 100",
    17,
    "ms",
    atMost,
    ["explorer"],
    (round) => greatest(...["slider", "plane"].map((target) => number(round, "explorer", "p99", { target }))),
  ),
];
