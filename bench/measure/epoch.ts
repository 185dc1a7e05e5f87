/** A whole epoch of MNIST (shuffle, gather, step, metrics) beside the same number of steps on a batch that is ready. */
import { batch as cut, dataset, dispose, init, key, loadMnist, start, train } from "../../mod.ts";
import { readFlags } from "../flags.ts";
import { MODEL, training } from "../model.ts";
import { print } from "../result.ts";
import { median } from "../timing.ts";

const { threads, batch, epochs, quick } = readFlags({
  threads: navigator.hardwareConcurrency,
  batch: 128,
  epochs: 5,
  quick: false,
});
await start({ threads });
const { train: images } = await loadMnist();
using data = dataset(images);

const whole = training(batch), rest = data.count % batch, last = training(rest || 1);
for (let i = 0; i < 50; i++) whole.step();
cut(data, [0]).dispose();

/** Milliseconds of one epoch, from the first request to the last event. */
async function epoch(): Promise<number> {
  const first = init(MODEL, { key: key(0) });
  let state = first;
  const start = performance.now();
  for await (const event of train(first, data, { epochs: 1, batchSize: batch })) state = event.state;
  const ms = performance.now() - start;
  dispose([first, state]);
  return ms;
}

/** Milliseconds of its steps alone. */
function steps(): number {
  const start = performance.now();
  for (let i = 0; i < Math.floor(data.count / batch); i++) whole.step();
  if (rest > 0) last.step();
  return performance.now() - start;
}

const pairs: [epoch: number, steps: number][] = [];
for (let i = 0; i < (quick ? 1 : epochs); i++) pairs.push([await epoch(), steps()]); // alternating: whatever slows one slows both
print({
  measure: "epoch",
  threads,
  batch,
  epoch_ms: median(pairs.map(([epoch]) => epoch)),
  steps_ms: median(pairs.map(([, steps]) => steps)),
  overhead: median(pairs.map(([epoch, steps]) => epoch / steps - 1)),
});
