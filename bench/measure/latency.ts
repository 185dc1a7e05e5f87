/** `encode` and `decode` as a server calls them: milliseconds of a call, its result read back. */
import { decode, dispose, encode, init, key, random, start } from "../../mod.ts";
import { readFlags } from "../flags.ts";
import { MODEL } from "../model.ts";
import { print } from "../result.ts";
import { time } from "../timing.ts";

const { threads, batches, quick } = readFlags({
  threads: navigator.hardwareConcurrency,
  batches: [1, 128, 1024],
  quick: false,
});
await start({ threads });
const { params } = init(MODEL, { key: key(0) });
for (const batch of batches) {
  const x = random.uniform(key(1), [batch, MODEL.input]), z = random.normal(key(2), [batch, MODEL.latent]);
  const calls = {
    encode() {
      const { mean, logVar } = encode(params, x);
      mean.dataSync();
      logVar.dataSync();
      dispose([mean, logVar]);
    },
    decode() {
      const logits = decode(params, z);
      logits.dataSync();
      logits.dispose();
    },
  };
  for (const [call, body] of Object.entries(calls)) {
    // Single calls, as the peers are timed.
    const samples = quick ? 20 : batch === 1 ? 2000 : batch <= 128 ? 400 : 60;
    const { median: ms, min, max } = time(body, { samples, sample: 0, warmup: quick ? 150 : 500 });
    print({ measure: "latency", call, batch, threads, ms, min, max });
  }
  dispose([x, z]);
}
