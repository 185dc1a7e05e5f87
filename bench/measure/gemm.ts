/**
 * The model's large products, as the library calls them, packing included: GFLOP/s, share of the peak on one thread and on
 * several, and how much faster several are.
 */
import { start } from "../../mod.ts";
import { runtime } from "../../src/backend/start.ts";
import { gemm } from "../../src/kernels/dense.ts";
import { allocAligned, floats, type Matrix } from "../../src/kernels/heap.ts";
import type { Runtime } from "../../src/kernels/runtime.ts";
import { generator } from "../../wasm/reference/entry.ts";
import { readFlags } from "../flags.ts";
import { MODEL } from "../model.ts";
import { withPeak } from "../peak.ts";
import { print } from "../result.ts";
import { forced } from "../runtimes.ts";
import { type Time, timeTogether } from "../timing.ts";

const { threads, batches, quick } = readFlags({
  threads: navigator.hardwareConcurrency,
  batches: [128, 512],
  quick: false,
});
const D = MODEL.input, H = MODEL.encoder.hidden[0];

/** C [M, N] = op(A) op(B) over K: forward (NN), weights' gradients (TN) and the input's gradient (NT). */
const SHAPES = batches.flatMap((B) => [
  { layout: "NN", batch: B, M: B, N: H, K: D, relu: true },
  { layout: "NN", batch: B, M: B, N: D, K: H },
  { layout: "NT", batch: B, M: B, N: H, K: D },
  { layout: "TN", batch: B, M: D, N: H, K: B },
  { layout: "TN", batch: B, M: H, N: D, K: B },
]);

await start({ threads });
const many = runtime(), one = forced(1), random = generator(1);

function matrix(rows: number, cols: number): Matrix {
  const m = { ptr: allocAligned(many.heap, 4 * rows * cols).ptr, rows, cols }, values = floats(many.heap, m);
  for (let i = 0; i < values.length; i++) values[i] = 2 * random() - 1;
  return m;
}

const { result, peaks } = await withPeak([1, threads], () =>
  SHAPES.map(({ layout, M, N, K, relu }): Time[] => {
    const ta = layout[0] === "T", tb = layout[1] === "T";
    const a = ta ? matrix(K, M) : matrix(M, K), b = tb ? matrix(N, K) : matrix(K, N), out = matrix(M, N);
    const bias = layout === "NN" ? matrix(1, N) : undefined;
    const run = (rt: Runtime) => () => gemm(rt, out, a, b, { ta, tb, bias, relu });
    return timeTogether([run(one), run(many)], quick ? { samples: 5 } : { samples: 31, sample: 10 });
  }));

SHAPES.forEach(({ layout, batch, M, N, K }, i) => {
  const speedup = result[i][0].median / result[i][1].median;
  [1, threads].forEach((n, j) => {
    const ms = result[i][j].median, gflops = 2 * M * N * K / ms / 1e6, peak = peaks.get(n)!;
    print({ measure: "gemm", layout, batch, M, N, K, threads: n, ms, gflops, peak, share: gflops / peak, speedup });
  });
});
