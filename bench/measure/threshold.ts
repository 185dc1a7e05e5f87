/**
 * How much work a call must have for a second thread to pay: one thread and two on the same work, in microseconds, and from
 * which size on two are faster by a twentieth. What it is for: GRAIN in src/kernels/runtime.ts, of which a part must be
 * worth at least one, and MADDS_PER_ELEMENT in src/kernels/dense.ts.
 */
import { activate } from "../../src/kernels/activation.ts";
import { gemm } from "../../src/kernels/dense.ts";
import { allocAligned, floats, type Matrix } from "../../src/kernels/heap.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { forced } from "../runtimes.ts";
import { timeTogether } from "../timing.ts";

const { quick } = readFlags({ quick: false });
const one = forced(1), two = forced(2), options = quick ? { samples: 5, sample: 1, warmup: 20 } : { samples: 31 };

function matrix(rows: number, cols: number): Matrix {
  const m = { ptr: allocAligned(one.heap, 4 * rows * cols).ptr, rows, cols };
  floats(one.heap, m).fill(0.5);
  return m;
}

/** The first size from which on two threads win at every size; undefined if they never do. */
function threshold(of: string, cases: readonly { work: number; body: (rt: typeof one) => void }[]): number | undefined {
  let from: number | undefined;
  for (const { work, body } of cases) {
    const [alone, both] = timeTogether([() => body(one), () => body(two)], options).map((t) => 1000 * t.median);
    print({ measure: "threshold", of, work, one: alone, two: both, speedup: alone / both });
    if (both > 0.95 * alone) from = undefined;
    else from ??= work;
  }
  return from;
}

const lengths = Array.from({ length: 9 }, (_, i) => 1024 << i);
const elements = threshold(
  "elements of relu",
  lengths.map((n) => {
    const x = matrix(1, n), y = matrix(1, n);
    return { work: n, body: (rt) => activate(rt, y, x, "relu") };
  }),
);
// The thin products of the model, 20 wide, at batches from 4: the smallest that a step or an encode has.
const madds = threshold(
  "multiply-adds of [B, 400] x [400, 20]",
  [4, 8, 16, 32, 64, 128, 256].map((B) => {
    const a = matrix(B, 400), b = matrix(400, 20), out = matrix(B, 20);
    return { work: B * 400 * 20, body: (rt) => gemm(rt, out, a, b) };
  }),
);
const square = threshold(
  "multiply-adds of [n, n] x [n, n]",
  [8, 16, 24, 32, 48, 64, 96, 128].map((n) => {
    const a = matrix(n, n), b = matrix(n, n), out = matrix(n, n);
    return { work: n ** 3, body: (rt) => gemm(rt, out, a, b) };
  }),
);
// Two parts of at least one grain each.
const grain = elements && elements / 2, cheapest = Math.min(madds ?? Infinity, square ?? Infinity);
print({ measure: "threshold", elements, grain, madds, square, madds_per_element: elements && cheapest / elements });
Deno.exit(0);
