/**
 * The figure of the README: test loss after ten epochs of MNIST, 784-400-20, batch 128, Adam 1e-3, grayscale, by seed.
 *
 *     deno task figure:mnist [SEED ...]        (default 0 1 2; about half a minute a seed)
 *
 * Prints one JSON object a seed, then the mean and its standard error over seeds.
 */
import { dataset, dispose, init, key, loadMnist, train } from "../../mod.ts";

const seeds = Deno.args.length > 0 ? Deno.args.map(Number) : [0, 1, 2];
const images = await loadMnist();
using data = dataset(images.train);
using test = dataset(images.test);
const losses: number[] = [];
for (const seed of seeds) {
  const started = performance.now();
  let state = init({ input: data.size, hidden: [400], latent: 20 }, { key: key(seed) });
  const first = state;
  for await (const event of train(state, data, { epochs: 10, batchSize: 128, test })) {
    state = event.state;
    if (event.kind !== "epoch" || event.epoch < 10) continue;
    losses.push(event.test!.loss);
    const { loss, reconstruction, kl, activeUnits } = event.test!;
    console.log(JSON.stringify({ seed, test: { loss, reconstruction, kl, activeUnits }, seconds: seconds(started) }));
  }
  dispose([first, state]);
}
const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / Math.max(1, losses.length - 1);
console.log(JSON.stringify({ mean, standardError: Math.sqrt(variance / losses.length), seeds: seeds.length }));

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}
