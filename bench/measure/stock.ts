/**
 * One training step as a tfjs user writes it, on tfjs's own kernels, with the threads that elbo gives it; and the same
 * program on the kernels that importing elbo puts in their place.
 */
import { key, random, start, tf } from "../../mod.ts";
import { withStockKernels } from "../../src/backend/register.ts";
import { readFlags } from "../flags.ts";
import { MODEL } from "../model.ts";
import { stockStep } from "../peers/tfjs_stock.ts";
import { print } from "../result.ts";
import { time } from "../timing.ts";

const { threads, batch, quick } = readFlags({ threads: navigator.hardwareConcurrency, batch: 128, quick: false });
await start({ threads });
const x = random.uniform(key(1), [batch, MODEL.input]);
const step = stockStep(x, MODEL.encoder.hidden[0], MODEL.latent);
const options = quick ? { samples: 3, warmup: 0 } : { samples: 15, warmup: 500 };

const stock = time(() => withStockKernels(step), options), accelerated = time(step, options);
for (const [kernels, { median: ms, min, max }] of Object.entries({ tfjs: stock, elbo: accelerated })) {
  print({ measure: "stock", peer: `tfjs ${tf.version_core} wasm`, kernels, threads, batch, ms, min, max });
}
