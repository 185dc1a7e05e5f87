/**
 * Fashion-MNIST: the tutorial preset, and the best model here, a convolutional one with a discretized logistic likelihood.
 *
 *     deno task figure:fashion tutorial|best FOLDER [--seed 0] [--epochs N] [--samples 500] [--out FILE]
 *
 * FOLDER holds the four IDX files; Debian's package dataset-fashion-mnist has them. Prints a JSON object an epoch and one
 * at the end. The likelihoods differ in kind: the tutorial's is a density of values in [0, 1], the other a mass over 256
 * levels, so beside the nats stands what both can be compared by, the squared error of reconstructions.
 */
import { parseArgs } from "node:util";
import {
  batch,
  type ConfigOptions,
  dataset,
  evaluate,
  init,
  key,
  loadImages,
  type Params,
  preset,
  reconstruct,
  save,
  type State,
  tf,
  train,
} from "../../mod.ts";
import { cosine } from "../../src/schedule.ts";

const { values: flags, positionals: [name, folder] } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "0" },
    epochs: { type: "string" },
    samples: { type: "string", default: "500" },
    out: { type: "string" },
  },
});
if (!["tutorial", "best"].includes(name) || folder === undefined) {
  throw new RangeError(`expected tutorial or best, and a folder, got ${name} ${folder}`);
}

const tutorial = preset("tutorial");
const best: ConfigOptions = {
  ...{ input: 784, latent: 32, likelihood: "discretized-logistic", batchNorm: true },
  ...{ channels: [32, 64], hidden: [256], activation: "elu" },
};
const epochs = Number(flags.epochs ?? (name === "tutorial" ? tutorial.epochs : 20)), size = 128;
const images = await loadImages(folder);
using data = dataset(images.train);
using test = dataset(images.test);
const schedule = cosine({ steps: epochs * Math.ceil(data.count / size), warmup: 500 });
let state: State = name === "tutorial"
  ? init(tutorial.config, { key: key(Number(flags.seed)), optimizer: tutorial.optimizer })
  : init(best, { key: key(Number(flags.seed)), optimizer: { learningRate: 2e-3, schedule } });

const started = performance.now();
for await (const event of train(state, data, { epochs, batchSize: size, donate: true })) {
  state = event.state;
  if (event.kind !== "epoch") continue;
  console.log(JSON.stringify({ epoch: event.epoch, train: event.train, seconds: seconds() }));
}
if (flags.out !== undefined) await Deno.writeFile(flags.out, save(state));
const trained = seconds(), samples = Number(flags.samples);
const { elbo, elboStandardError, nll, nllStandardError, activeUnits } = await evaluate(state.params, test, {
  ...{ key: key(Number(flags.seed)), samples, batchSize: 100 },
});
console.log(JSON.stringify({
  ...{ figure: `fashion ${name}`, seed: Number(flags.seed), epochs, elbo, elboStandardError, samples, nll },
  ...{ nllStandardError, activeUnits, squaredError: squaredError(state.params), trained, seconds: seconds() },
}));

/** The mean over the test set of the sum over pixels of (x - reconstruction)^2. */
function squaredError(params: Params): number {
  let sum = 0;
  for (let i = 0; i < test.count; i += 500) {
    tf.tidy(() => {
      const x = batch(test, Array.from({ length: Math.min(500, test.count - i) }, (_, j) => i + j));
      sum += tf.sum(tf.squaredDifference(x, reconstruct(params, x))).dataSync()[0];
    });
  }
  return sum / test.count;
}

function seconds(): number {
  return Math.round((performance.now() - started) / 100) / 10;
}
