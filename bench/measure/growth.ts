/**
 * Whether work stays as cheap as it grows: the time of a step per multiply-add, in picoseconds, over batch sizes and over
 * widths of the hidden layer. `rise` is how far it is above the cheapest of the sizes up to it.
 */
import { start } from "../../mod.ts";
import { resolveConfig } from "../../src/vae/config.ts";
import { readFlags } from "../flags.ts";
import { stepMadds } from "../flops.ts";
import { training } from "../model.ts";
import { print } from "../result.ts";
import { time } from "../timing.ts";

const flags = readFlags({
  threads: navigator.hardwareConcurrency,
  batches: [64, 128, 256, 512, 1024, 2048, 4096],
  widths: [200, 400, 800, 1600],
  batch: 128,
  hidden: 400,
  quick: false,
});
const { threads, quick } = flags;
await start({ threads });

function measure(along: "batch" | "hidden", sizes: readonly { batch: number; hidden: number }[]) {
  let cheapest = Infinity;
  for (const { batch, hidden } of sizes) {
    const config = resolveConfig({ input: 784, latent: 20, hidden: [hidden] }), trained = training(batch, config);
    const { median: ms } = time(trained.step, quick ? { samples: 3 } : { samples: 15, sample: 20, warmup: 300 });
    trained.dispose();
    const picoseconds = ms * 1e9 / batch / stepMadds(config);
    cheapest = Math.min(cheapest, picoseconds);
    print({ measure: "growth", along, threads, batch, hidden, ms, picoseconds, rise: picoseconds / cheapest - 1 });
  }
}

measure("batch", flags.batches.map((batch) => ({ batch, hidden: flags.hidden })));
measure("hidden", flags.widths.map((hidden) => ({ batch: flags.batch, hidden })));
