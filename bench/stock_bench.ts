/**
 * What importing elbo does for a program that knows nothing of it: the training step of bench/peers/tfjs_stock.ts, 784-400-20
 * at batch 128, on tfjs's own kernels and on ours in their place, in the same run. `deno bench` closes with the ratio.
 *
 *     deno task bench
 */
import { key, random, start, tf } from "../mod.ts";
import { withStockKernels } from "../src/backend/register.ts";
import { stockStep } from "./peers/tfjs_stock.ts";

const B = 128, D = 784, H = 400, Z = 20;

await start();
const step = stockStep(random.uniform(key(1), [B, D]), H, Z);
for (let i = 0; i < 20; i++) step(); // Wasm tiers up between calls
for (let i = 0; i < 3; i++) withStockKernels(step);

const group = `stock tfjs ${tf.version_core} step, B=${B}, ${navigator.hardwareConcurrency} threads`;
Deno.bench("on elbo's kernels", { group, baseline: true }, step);
Deno.bench("on tfjs's own kernels", { group, n: 20, warmup: 3 }, () => withStockKernels(step));
