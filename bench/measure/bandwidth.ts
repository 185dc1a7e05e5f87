/** What memory gives: GB/s of Adam, which does little but read and write, on data in the caches and far beyond them. */
import { adam } from "../../src/kernels/adam.ts";
import { allocAligned, floats, type Matrix } from "../../src/kernels/heap.ts";
import { readFlags } from "../flags.ts";
import { parameters } from "../flops.ts";
import { MODEL } from "../model.ts";
import { print } from "../result.ts";
import { forced } from "../runtimes.ts";
import { timeTogether } from "../timing.ts";

const { threads, quick } = readFlags({ threads: navigator.hardwareConcurrency, quick: false });
const STEP = { rate: 1e-3, correction: 1, b1: 0.9, b2: 0.999, eps: 1e-8, factor: 1, decay: 0 };
/** Bytes a parameter: four numbers read, three written. */
const BYTES = 28;

for (const n of [parameters(MODEL), 2 ** 24]) {
  const heap = forced(1).heap;
  const matrix = (): Matrix => {
    const m = { ptr: allocAligned(heap, 4 * n).ptr, rows: 1, cols: n };
    floats(heap, m).fill(0.01);
    return m;
  };
  const [params, mu, nu, grads] = [matrix(), matrix(), matrix(), matrix()], moments = { params, mu, nu };
  const counts = [1, threads];
  const times = timeTogether(
    counts.map((n) => () => adam(forced(n), moments, moments, grads, STEP)),
    quick ? { samples: 3 } : { samples: 21, sample: 10 },
  );
  times.forEach(({ median: ms }, i) => {
    print({ measure: "bandwidth", parameters: n, threads: counts[i], ms, gbps: BYTES * n / ms / 1e6 });
  });
}
Deno.exit(0);
