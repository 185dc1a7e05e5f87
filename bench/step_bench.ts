/**
 * One training step, 784-400-20, Adam, Bernoulli, at three batch sizes; at 128 beside the same step in stock tfjs, on the
 * same threaded backend with tfjs's own kernels, and in jax-js, in the same run. `deno bench` closes with the ratios.
 *
 *     deno task bench bench/step_bench.ts
 *     THREADS=1 deno task bench bench/step_bench.ts
 *
 * PyTorch, and jax-js in a process of its own, stand in `deno task bench:report`.
 */
import { key, random, start, tf } from "../mod.ts";
import { withStockKernels } from "../src/backend/register.ts";
import { MODEL, training } from "./model.ts";
import { stockStep } from "./peers/tfjs_stock.ts";

const B = 128, threads = Number(Deno.env.get("THREADS") ?? navigator.hardwareConcurrency);
const group = (batch: number) => `step B=${batch}`;

await start({ threads });
for (const batch of [B, 512, 2048]) {
  const { step } = training(batch);
  for (let i = 0; i < 30; i++) step(); // Wasm tiers up between calls
  Deno.bench(`elbo, ${threads} threads`, { group: group(batch), baseline: true }, step);
}

const x = random.uniform(key(1), [B, MODEL.input]);
const tfjsStep = stockStep(x, MODEL.encoder.hidden[0], MODEL.latent);
const stock = () => withStockKernels(tfjsStep);
for (let i = 0; i < 3; i++) stock();
Deno.bench(`stock tfjs ${tf.version_core}, wasm, threaded`, { group: group(B), n: 20, warmup: 3 }, stock);

try {
  // Not a literal, so that nobody needs jax-js for the rest.
  const { jaxStep, NAME } = await import(new URL("peers/jax_js.ts", import.meta.url).href);
  const step = await jaxStep(B);
  for (let i = 0; i < 10; i++) step();
  Deno.bench(NAME, { group: group(B), n: 50, warmup: 3 }, step);
} catch (error) {
  console.error(`jax-js is missing: ${(error as Error).message}`);
}
