import * as kernels from "../../src/kernels/bindings.ts";
import { BATCHES, define, generator, type Numbers, ULP, uniform } from "./entry.ts";

const ACCUMULATE = 1, RELU = 2;

/** Around the tile (4 rows, 12, 8 or 4 columns), what is read in place (48 columns, 160 rows), and the block (256). */
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 17, 20, 23, 24, 25, 28, 31, 47, 48, 49, 61, 97, 129, 160, 161];
const LONG = [255, 256, 257, 513];

/** Cases of one layout: a fixed sample of all M, N, K, then each long length at each place. */
function cases(ta: number, tb: number): Numbers[] {
  const random = generator(11 + 2 * ta + tb);
  const pick = (from: readonly number[]) => from[Math.floor(from.length * random())];
  const shapes = Array.from({ length: 90 }, () => [pick(LENGTHS), pick(LENGTHS), pick(LENGTHS)]);
  for (const long of LONG) {
    shapes.push([long, pick(LENGTHS), pick(LENGTHS)], [pick(LENGTHS), long, pick(LENGTHS)]);
    shapes.push([pick(LENGTHS), pick(LENGTHS), long], [5, 13, long], [1, 1, long]);
  }
  shapes.push([513, 49, 257], [161, 47, 513], [1, 61, 129], [61, 1, 129], [1, 1, 1]);
  return shapes.map(([M, N, K], i) => ({ ta, tb, M, N, K, bias: i & 1, flags: i >> 1 & 3, byColumns: i >> 3 & 1 }));
}

/** The products of the model: forward, weights' gradients, inputs' gradients; I inputs, O outputs of each layer. */
function model(B: number): Numbers[] {
  const layers = [[784, 400, RELU], [400, 20, 0], [20, 400, RELU], [400, 784, 0]];
  const plain = { ta: 0, tb: 0, bias: 0, flags: 0, byColumns: 0 };
  return [
    ...layers.map(([I, O, flags]) => ({ ...plain, M: B, N: O, K: I, bias: 1, flags })),
    ...layers.map(([I, O]) => ({ ...plain, ta: 1, M: I, N: O, K: B, byColumns: Number(I < 32) })),
    ...layers.slice(1).map(([I, O]) => ({ ...plain, tb: 1, M: B, N: I, K: O })),
  ];
}

/** C = act(op(A) op(B) + C + bias) */
export const f32_gemm = define({
  kernel: kernels.f32_gemm,
  domain: "all in [-1, 1]",
  inputs({ M, N, K, bias, flags }) {
    const A = uniform(M * K, -1, 1, M + K), B = uniform(K * N, -1, 1, 3 * N + K);
    return {
      A,
      B,
      ...bias ? { bias: uniform(N, -1, 1, N) } : {},
      ...flags & ACCUMULATE ? { C: uniform(M * N, -1, 1, M + N) } : {},
    };
  },
  outputs: ({ M, N }) => ({ C: new Float32Array(M * N) }),
  args: (at, { byColumns, ta, tb, M, N, K, flags }) => [
    ...[byColumns, ta, tb, M, N, K] as const,
    ...[at.A, at.B, at.C, at.bias ?? 0, flags, at.scratch] as const,
  ],
  reference({ A, B, C, bias }, { ta, tb, M, N, K, flags }) {
    const value = new Float64Array(M * N), scale = new Float64Array(M * N);
    // Additions in a chain within a block of K, then from block to block, then of bias and C.
    const roundings = Math.min(K, 256) + Math.ceil(K / 256) + 2;
    for (let i = 0; i < M; i++) {
      for (let j = 0; j < N; j++) {
        const c = i * N + j;
        const start = flags & ACCUMULATE ? C[c] : 0, b = bias ? bias[j] : 0;
        let sum = start + b, size = Math.abs(start) + Math.abs(b);
        for (let k = 0; k < K; k++) {
          const product = A[ta ? k * M + i : i * K + k] * B[tb ? j * K + k : k * N + j];
          sum += product;
          size += Math.abs(product);
        }
        value[c] = flags & RELU ? Math.max(sum, 0) : sum;
        scale[c] = roundings * size;
      }
    }
    return { C: { value, scale } };
  },
  tolerance: { C: ULP },
  scratch: true,
  sizes: [0, 1].flatMap((ta) => [0, 1].flatMap((tb) => cases(ta, tb))),
  bench: BATCHES.flatMap(model),
  work: ({ M, N, K }) => ({ flops: 2 * M * N * K, bytes: 4 * (M * K + K * N + M * N) }),
});
