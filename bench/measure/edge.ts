/**
 * Inference without tfjs: how large it is, what a call takes and what a loaded model takes of memory. What it takes to start
 * is `deno task measure edge_start`.
 */
import { decode, encode, load } from "../../src/edge/mod.ts";
import { bundle, gzipped } from "../../wasm/bundle.ts";
import { kernels, LATENT, modelFile, WEIGHTS } from "../edge_model.ts";
import { writePrograms } from "../edge_programs.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { median, time } from "../timing.ts";
import { startWorker } from "../workerd.ts";

const { batches, quick } = readFlags({ batches: [1, 16, 128], quick: false }), KB = 1024, MB = 1e6;

const parts: [part: string, bytes: Uint8Array<ArrayBuffer>][] = [
  ["src/edge/mod.ts", (await bundle('export * from "./src/edge/mod.ts";')).code],
  ["edge_relaxed.wasm", await kernels()],
  [
    "src/edge/handler/mod.ts, with what it uses of src/edge",
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
    print({ measure: "edge", of: "call", where: "deno", call, batch, ms, min, max });
  }
  print({ measure: "edge", of: "memory", batch, weights_mb: WEIGHTS / MB, beside_mb: (model.bytes - WEIGHTS) / MB });
}

const folder = await writePrograms();
try {
  const worker = await startWorker(`${folder}/calls`, "worker.js"), n = 1000;
  try {
    for (const call of ["encode", "decode"]) {
      // The time of a request is that of its thousand calls.
      const times: number[] = [];
      for (let i = 0; i < (quick ? 4 : 24); i++) {
        const start = performance.now(), response = await fetch(`${worker.url}/${call}/${n}`);
        if (await response.text() !== `${n}`) throw new Error(`Cannot measure ${call} in workerd: it failed`);
        times.push((performance.now() - start) / n);
      }
      const timed = times.slice(3), [ms, min, max] = [median(timed), Math.min(...timed), Math.max(...timed)];
      print({ measure: "edge", of: "call", where: "workerd", call, batch: 1, ms, min, max });
    }
  } finally {
    await worker.stop();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
