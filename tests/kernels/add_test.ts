import { add } from "../../src/kernels/add.ts";
import { copyColumns } from "../../src/kernels/columns.ts";
import { uniform } from "../../wasm/reference/entry.ts";
import { assertEquals } from "../assert.ts";
import { SerialRuntime } from "./serial_runtime.ts";

const B = 129, N = 37, M = 20;

const sum = (a: ArrayLike<number>, b: ArrayLike<number>) => Float32Array.from(a, (a, i) => a + b[i]);

Deno.test("add adds, also in place of either matrix, and a matrix to itself", () => {
  const rt = new SerialRuntime(), values = [1, 2].map((seed) => uniform(B * N, -1, 1, seed));
  const [a, b, out] = [rt.put(B, N, values[0]), rt.put(B, N, values[1]), rt.put(B, N)];
  add(rt, out, a, b);
  assertEquals(rt.get(out), sum(values[0], values[1]));
  add(rt, a, a, b);
  assertEquals(rt.get(a), rt.get(out));
  add(rt, b, b, b);
  assertEquals(rt.get(b), sum(values[1], values[1]));
});

Deno.test("add lets a NaN and an infinity spoil their own element only", () => {
  const rt = new SerialRuntime(), n = 23;
  for (let i = 0; i < n; i++) {
    const plain = rt.put(1, n, uniform(n, -1, 1, 3)), out = rt.put(1, n);
    const special = rt.put(1, n, Array.from({ length: n }, (_, k) => k === i ? [NaN, Infinity][i % 2] : 1));
    add(rt, out, special, plain);
    assertEquals([...rt.get(out)].flatMap((v, k) => Number.isFinite(v) ? [] : [k]), [i]);
  }
});

// A skip connection is y = [x, f(x)], and its gradient what comes back through both.
Deno.test("copyColumns concatenates and takes apart, and add joins the gradients of a skip connection", () => {
  const rt = new SerialRuntime(), x = uniform(B * N, -1, 1, 1), f = uniform(B * M, -1, 1, 2);
  const xAt = rt.put(B, N, x), fAt = rt.put(B, M, f), y = rt.put(B, N + M);
  copyColumns(rt, y, 0, xAt, 0, N);
  copyColumns(rt, y, N, fAt, 0, M);
  const wanted = Array.from({ length: B }, (_, r) => [
    ...x.slice(r * N, (r + 1) * N),
    ...f.slice(r * M, (r + 1) * M),
  ]).flat();
  assertEquals([...rt.get(y)], wanted);

  const through = uniform(B * N, -1, 1, 3), dx = rt.put(B, N), df = rt.put(B, M), direct = rt.put(B, N, through);
  copyColumns(rt, df, 0, y, N, M);
  copyColumns(rt, dx, 0, y, 0, N);
  add(rt, dx, dx, direct);
  assertEquals([rt.get(df), rt.get(dx)], [f, sum(x, through)]);
});
