/**
 * Inference without tfjs: how large it is, what a call takes and what a loaded model takes of memory. What it takes to start
 * is `deno task measure edge_start`.
 */
import { decode, encode, load } from "../../src/edge/mod.ts";
import { bundle, gzipped } from "../edge_bundle.ts";
import { kernels, LATENT, modelFile, WEIGHTS } from "../edge_model.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { time } from "../timing.ts";

const { batches, quick } = readFlags({ batches: [1, 16, 128], quick: false }), KB = 1024, MB = 1e6;

const parts: [part: string, bytes: Uint8Array<ArrayBuffer>][] = [
  ["src/edge/mod.ts", (await bundle('export * from "./src/edge/mod.ts";')).code],
  ["edge_relaxed.wasm", await kernels()],
  [
    "src/edge/handler/mod.ts, all of the above in it",
    (await bundle('export * from "./src/edge/handler/mod.ts";')).code,
  ],
];
for (const [part, bytes] of parts) {
  print({ measure: "edge", of: "size", part, kb: bytes.length / KB, gzipped_kb: await gzipped(bytes) / KB });
}

const model = await load(modelFile()), { config: { input } } = model;
for (const batch of batches) {
  const x = new Float32Array(batch * input).fill(0.5), z = new Float32Array(batch * LATENT).fill(0.5);
  const calls = { encode: () => void encode(model, x), decode: () => void decode(model, z) };
  for (const [call, body] of Object.entries(calls)) {
    // Single calls, as `deno task measure latency` times them.
    const samples = quick ? 20 : batch === 1 ? 2000 : 400;
    const { median: ms, min, max } = time(body, { samples, sample: 0, warmup: quick ? 150 : 500 });
    print({ measure: "edge", of: "call", call, batch, ms, min, max });
  }
  print({ measure: "edge", of: "memory", batch, weights_mb: WEIGHTS / MB, beside_mb: (model.bytes - WEIGHTS) / MB });
}
