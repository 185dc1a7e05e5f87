import { f32_gemm } from "./bindings.ts";
import type { Matrix } from "./heap.ts";
import type { Runtime } from "./runtime.ts";

/** Flags of f32_gemm, as wasm/kernels/gemm_tile.ts names them. */
const ACCUMULATE = 1, RELU = 2;

/** Multiply-adds that count as one element: two threads are 1.7 times faster at 128,000 (`deno task measure threshold`). */
const MADDS_PER_ELEMENT = 32;

/** How {@linkcode gemm} takes its operands and what it does to the product. */
export type GemmOptions = {
  /** `a` is stored transposed. */
  readonly ta?: boolean | undefined;
  /** `b` is stored transposed. */
  readonly tb?: boolean | undefined;
  /** Added to each row. */
  readonly bias?: Matrix | undefined;
  /** Add to what `out` holds. */
  readonly accumulate?: boolean | undefined;
  /** max(0, .) of the result. */
  readonly relu?: boolean | undefined;
};

/** out = op(a) op(b) + bias, with ReLU if asked for. Shapes are the caller's duty. */
export function gemm(rt: Runtime, out: Matrix, a: Matrix, b: Matrix, options: GemmOptions = {}): void {
  const { ta = false, tb = false, bias, accumulate = false, relu = false } = options;
  const [M, N, K] = [out.rows, out.cols, ta ? a.rows : a.cols];
  const parts = rt.parts(M * N * K / MADDS_PER_ELEMENT);
  rt.run(
    f32_gemm,
    parts,
    Number(splitColumns(M, N, parts)),
    Number(ta),
    Number(tb),
    M,
    N,
    K,
    a.ptr,
    b.ptr,
    out.ptr,
    bias?.ptr ?? 0,
    (accumulate ? ACCUMULATE : 0) | (relu ? RELU : 0),
    rt.gemmScratch,
  );
}

/** Whether parts should get columns of C: only where there are too few rows to share, and enough columns. */
function splitColumns(M: number, N: number, parts: number): boolean {
  const rows = Math.ceil(M / 4) / parts, columns = Math.ceil(N / 12) / parts;
  return rows < 4 && columns > rows / 2;
}
