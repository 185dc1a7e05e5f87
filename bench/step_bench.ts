/**
 * One training step, 784-400-20, Adam, Bernoulli, batch 128: elbo beside the same step in stock tfjs, on the same threaded
 * backend with tfjs's own kernels, in the same run. `deno bench` closes with the ratio.
 *
 *     deno task bench
 */
import { foldIn, init, key, random, start, step, tf } from "../mod.ts";
import { withStockKernels } from "../src/backend/register.ts";
import { stockStep } from "./peers/tfjs_stock.ts";

const B = 128, CONFIG = { input: 784, hidden: [400], latent: 20 };

await start();
const x = random.uniform(key(1), [B, CONFIG.input]);

/** A closure that trains one step at a time. */
function elboStep(): () => void {
  let state = init(CONFIG, { key: key(0) });
  const noise = key(2);
  return () => [state] = step(state, x, { key: foldIn(noise, state.step), donate: true });
}

const ours = elboStep(), tfjsStep = stockStep(x, CONFIG.hidden[0], CONFIG.latent);
const stock = () => withStockKernels(tfjsStep);
for (let i = 0; i < 30; i++) ours(); // Wasm tiers up between calls
for (let i = 0; i < 3; i++) stock();

Deno.bench(`elbo, ${navigator.hardwareConcurrency} threads`, { group: "step B=128", baseline: true }, ours);
Deno.bench(`stock tfjs ${tf.version_core}, wasm, threaded`, { group: "step B=128", n: 20, warmup: 3 }, stock);
