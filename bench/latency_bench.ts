/**
 * `encode` and `decode` of one example and of many, results read back, as a server calls them.
 *
 *     deno task bench bench/latency_bench.ts
 *     THREADS=1 deno task bench bench/latency_bench.ts
 */
import { decode, dispose, encode, init, key, random, start } from "../mod.ts";
import { MODEL } from "./model.ts";

// One process has one number of threads.
const threads = Number(Deno.env.get("THREADS") ?? navigator.hardwareConcurrency);
await start({ threads });
const { params } = init(MODEL, { key: key(0) });

for (const batch of [1, 128, 1024]) {
  const x = random.uniform(key(1), [batch, MODEL.input]), z = random.normal(key(2), [batch, MODEL.latent]);
  Deno.bench(`encode ${batch}, threads ${threads}`, { group: `latency B=${batch}` }, () => {
    const { mean, logVar } = encode(params, x);
    mean.dataSync();
    logVar.dataSync();
    dispose([mean, logVar]);
  });
  Deno.bench(`decode ${batch}, threads ${threads}`, { group: `latency B=${batch}` }, () => {
    const logits = decode(params, z);
    logits.dataSync();
    logits.dispose();
  });
}
