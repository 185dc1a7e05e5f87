/**
 * `encode` and `decode` in onnxruntime, in wasm ("web") or native ("node"): the same network, and single calls timed as
 * bench/measure/latency.ts times them. Run it in a folder with the packages installed and the networks of export_onnx.py:
 *
 *     npm install --ignore-scripts onnxruntime-web@1.30.0 onnxruntime-node@1.30.0
 *     node onnxruntime.mjs --kind web --threads 2
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";

const options = {
  kind: { type: "string", default: "web" },
  threads: { type: "string", default: "2" },
  quick: { type: "boolean", default: false },
};
const { kind, threads: text, quick } = parseArgs({ options }).values, threads = Number(text);
const module = await import(`onnxruntime-${kind}`), ort = module.default ?? module;
if (kind === "web") ort.env.wasm.numThreads = threads;

for (const [call, net, width] of [["encode", "encoder", 784], ["decode", "decoder", 20]]) {
  const session = await ort.InferenceSession.create(
    readFileSync(`${net}.onnx`),
    kind === "node" ? { intraOpNumThreads: threads } : {},
  );
  for (const batch of [1, 128, 1024]) {
    const x = new ort.Tensor("float32", Float32Array.from({ length: batch * width }, Math.random), [batch, width]);
    const samples = quick ? 20 : batch === 1 ? 2000 : batch <= 128 ? 400 : 60, times = [];
    for (const end = performance.now() + (quick ? 150 : 500); performance.now() < end;) await session.run({ x });
    for (let i = 0; i < samples; i++) {
      const start = performance.now();
      await session.run({ x });
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const peer = `onnxruntime-${kind} ${ort.env.versions?.common ?? ""}`.trim();
    console.log(
      JSON.stringify({ measure: "latency", peer, call, batch, threads, ms: times[samples >> 1], min: times[0] }),
    );
  }
}
process.exit(0);
