import type { Matrix } from "../../src/kernels/heap.ts";
import { copyColumns } from "../../src/kernels/columns.ts";
import { embed, embedBackward, oneHot } from "../../src/kernels/embedding.ts";
import { withLabels, withLabelsBackward } from "../../src/layers/condition.ts";
import { generator, uniform } from "../../wasm/reference/entry.ts";
import { assert, assertEquals } from "../assert.ts";
import { distance, SerialRuntime, slopes } from "../kernels/serial_runtime.ts";

/** B examples of N columns, C classes, embedded in E columns; the last of several threads' work. */
const SIZES: [B: number, N: number, C: number, E: number][] = [
  [1, 1, 1, 1],
  [5, 3, 2, 4],
  [4, 8, 10, 3],
  [7, 17, 3, 9],
  [130, 60, 11, 17],
];

function randomLabels(B: number, C: number): number[] {
  const random = generator(B + C);
  return Array.from({ length: B }, () => Math.floor(C * random()));
}

/** [x, table[label]], row by row. */
function joined(x: ArrayLike<number>, table: ArrayLike<number>, labels: number[], N: number, E: number): number[] {
  return labels.flatMap((c, r) => [
    ...Array.from({ length: N }, (_, j) => x[r * N + j]),
    ...Array.from({ length: E }, (_, j) => table[c * E + j]),
  ]);
}

function identity(C: number): number[] {
  return Array.from({ length: C * C }, (_, i) => Number(i % (C + 1) === 0));
}

Deno.test("withLabels puts each example beside its label's row of the table, or its one-hot", () => {
  for (const [B, N, C, E] of SIZES) {
    const rt = new SerialRuntime(), list = randomLabels(B, C), labels = rt.labels(list);
    const x = uniform(B * N, -1, 1, B), table = uniform(C * E, -1, 1, C);
    rt.arena.scope(() => {
      const embedded = withLabels(rt, rt.put(B, N, x), labels, C, rt.put(C, E, table));
      assertEquals([embedded.rows, embedded.cols], [B, N + E]);
      assertEquals([...rt.get(embedded)], joined(x, table, list, N, E));
      const hot = withLabels(rt, rt.put(B, N, x), labels, C);
      assertEquals([hot.rows, hot.cols], [B, N + C]);
      assertEquals([...rt.get(hot)], joined(x, identity(C), list, N, C));
    });
  }
});

Deno.test("withLabelsBackward gives the gradients of x and of the table, those of float64", () => {
  for (const [B, N, C, E] of SIZES) {
    const rt = new SerialRuntime(), list = randomLabels(B, C), labels = rt.labels(list);
    const x = Float64Array.from(uniform(B * N, -1, 1, B)), table = Float64Array.from(uniform(C * E, -1, 1, C));
    const weights = uniform(B * (N + E), -1, 1, 3 * B);
    const dboth = rt.put(B, N + E, weights), dx = rt.put(B, N), dtable = rt.put(C, E);
    withLabelsBackward(rt, dboth, dx, dtable, labels);
    const loss = () => joined(x, table, list, N, E).reduce((sum, v, i) => sum + weights[i] * v, 0);
    assertEquals([...rt.get(dx)], list.flatMap((_, r) => [...weights.subarray(r * (N + E), r * (N + E) + N)]));
    if (B < 100) assert(distance(rt.get(dx), slopes(x, loss)) < 1e-6);
    assert(distance(rt.get(dtable), slopes(table, loss)) < 1e-6);

    const alone = rt.put(B, N), other = rt.put(C, E);
    withLabelsBackward(rt, dboth, alone, undefined, labels);
    withLabelsBackward(rt, dboth, undefined, other, labels);
    assertEquals([rt.get(alone), rt.get(other)], [rt.get(dx), rt.get(dtable)]);
  }
});

Deno.test("embedBackward gives a class without examples 0, whatever was there", () => {
  const rt = new SerialRuntime(), dtable = rt.put(3, 5), dy = rt.put(2, 5, uniform(10, -1, 1, 1));
  embedBackward(rt, dtable, dy, rt.labels([2, 2]));
  const got = rt.get(dtable), rows = rt.get(dy);
  assertEquals([...got.subarray(0, 10)], Array(10).fill(0));
  assertEquals([...got.subarray(10)], Array.from({ length: 5 }, (_, j) => Math.fround(rows[j] + rows[5 + j])));
});

Deno.test("embed and oneHot fill a matrix of their own", () => {
  const rt = new SerialRuntime(), labels = rt.labels([1, 0, 2]), out = rt.put(3, 2), hot = rt.put(3, 3);
  embed(rt, out, rt.put(3, 2, [1, 2, 3, 4, 5, 6]), labels);
  oneHot(rt, hot, labels);
  assertEquals([...rt.get(out)], [3, 4, 1, 2, 5, 6]);
  assertEquals([...rt.get(hot)], [0, 1, 0, 1, 0, 0, 0, 0, 1]);
});

Deno.test("copyColumns cuts a matrix into blocks and puts them together again", () => {
  const rt = new SerialRuntime(), B = 9, widths = [5, 1, 12, 3], all = widths.reduce((sum, w) => sum + w, 0);
  const whole = rt.put(B, all, uniform(B * all, -1, 1, 1)), again = rt.put(B, all);
  let from = 0;
  for (const width of widths) {
    const block: Matrix = rt.put(B, width);
    copyColumns(rt, block, 0, whole, from, width);
    copyColumns(rt, again, from, block, 0, width);
    from += width;
  }
  assertEquals(rt.get(again), rt.get(whole));
});
