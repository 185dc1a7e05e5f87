/** One training step: milliseconds, and the share of the peak of the cores that it ran on. */
import { start } from "../../mod.ts";
import { resolveConfig } from "../../src/vae/config.ts";
import { readFlags } from "../flags.ts";
import { stepFlops } from "../flops.ts";
import { MODEL, training } from "../model.ts";
import { withPeak } from "../peak.ts";
import { print } from "../result.ts";
import { time } from "../timing.ts";

const flags = readFlags({
  threads: navigator.hardwareConcurrency,
  batches: [128, 512, 2048],
  hidden: MODEL.encoder.hidden,
  quick: false,
});
const { threads, batches, quick } = flags, cores = Math.min(threads, navigator.hardwareConcurrency);
const config = resolveConfig({ input: 784, latent: 20, hidden: flags.hidden });
await start({ threads });

const { result: times, peaks } = await withPeak([cores], () =>
  batches.map((batch) => {
    const trained = training(batch, config);
    try {
      return time(trained.step, quick ? { samples: 3 } : { samples: 21, sample: 20, warmup: 300 });
    } finally {
      trained.dispose();
    }
  }));
const peak = peaks.get(cores)!;
batches.forEach((batch, i) => {
  const { median: ms, min, max } = times[i], gflop = stepFlops(config, batch) / 1e9, gflops = gflop / ms * 1e3;
  const { hidden } = config.encoder;
  print({ measure: "step", threads, batch, hidden, ms, min, max, gflop, gflops, peak, share: gflops / peak });
});
