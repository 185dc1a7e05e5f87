/** The loss of the test set is the same quantity as that of the training, for every objective. */
import {
  batch,
  type Dataset,
  dataset,
  dispose,
  type EpochEvent,
  evaluate,
  foldIn,
  init,
  key,
  perExampleLoss,
  schedule,
  tf,
  train,
  type TrainOptions,
} from "../mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "./assert.ts";

const COUNT = 640,
  SETTINGS: Record<string, Omit<TrainOptions, "epochs">> = {
    "the ELBO": {},
    "the ELBO with beta 4": { beta: 4 },
    "the ELBO with a schedule of beta": { beta: schedule.linear({ from: 0, to: 3, steps: 1 }) },
    "the ELBO with free bits": { freeBits: 3 },
    "IWAE with 20 samples": { objective: "iwae", samples: 20 },
    "DReG with 20 samples": { objective: "dreg", samples: 20 },
    "beta-TC with beta 6": { objective: "beta-tc", beta: 6 },
  };

function images(): Dataset {
  let x = 1;
  const pixels = Uint8Array.from({ length: 12 * COUNT }, () => (x = Math.imul(x, 1664525) + 1013904223) >>> 24);
  return dataset({ pixels, count: COUNT, height: 3, width: 4 });
}

/** A model whose objectives differ: narrow posteriors, far from the prior, one number four times. It learns nothing. */
function begin() {
  const state = init({ input: 12, hidden: [30], latent: 4 }, { key: key(0), optimizer: { learningRate: 1e-30 } });
  const { encoder } = state.params, { mean, logVar } = encoder;
  const kernel = tf.tidy(() => tf.tile(tf.mul(tf.slice2d(mean.kernel as tf.Tensor2D, [0, 0], [-1, 1]), 8), [1, 4]));
  const own = { ...encoder, mean: { ...mean, kernel }, logVar: { ...logVar, bias: tf.fill([4], -3) } };
  return { ...state, params: { ...state.params, encoder: own } };
}

for (const [what, settings] of Object.entries(SETTINGS)) {
  Deno.test(`train measures the test set as it trains, by ${what}, and has the ELBO in nats beside it`, async () => {
    using data = images();
    let epoch: EpochEvent | undefined;
    const state = begin(), options = { ...settings, epochs: 2, batchSize: 64, test: data };
    for await (const event of train(state, data, options)) if (event.kind === "epoch") epoch = event;
    const { train: trained, test } = epoch!;
    // The same images by the same model: what differs is the noise, one sample of z per image.
    assertAlmostEquals(test!.loss, trained.loss, 0.02 * trained.loss, `${test!.loss} ${trained.loss}`);
    assertEquals(test!.elbo, -(test!.reconstruction + test!.kl));
    const together = settings.freeBits !== undefined || settings.objective === "beta-tc"; // estimated from a batch
    const plain = await evaluate(state.params, data, {
      key: foldIn(state.key, 3),
      batchSize: together ? 64 : undefined,
    });
    assertAlmostEquals(test!.elbo, plain.elbo, 1e-6 * -plain.elbo);
    // And the two quantities are apart by much more, where the objective is not the ELBO.
    if (what !== "the ELBO") {
      assert(Math.abs(test!.loss + test!.elbo) > 0.05 * test!.loss, `${test!.loss} ${test!.elbo}`);
    } else assertAlmostEquals(test!.loss, -test!.elbo, 1e-9);
    dispose([state, epoch!.state]);
  });
}

Deno.test("evaluate's loss is the mean of perExampleLoss, in batches of its size, with the noise of its key", async () => {
  using data = images();
  const { params } = begin(), KEY = key(5), batchSize = 100;
  for (const [what, { beta, ...settings }] of Object.entries(SETTINGS)) {
    const loss = { ...settings, beta: typeof beta === "object" ? 0.5 : beta };
    const got = await evaluate(params, data, { key: KEY, loss, batchSize });
    let sum = 0;
    for (let i = 0, at = 0; at < COUNT; i++, at += batchSize) {
      tf.tidy(() => {
        const x = batch(data, Array.from({ length: Math.min(batchSize, COUNT - at) }, (_, j) => at + j));
        const each = perExampleLoss(params, x, { ...loss, key: foldIn(foldIn(KEY, i), 0) });
        each.dataSync().forEach((nats) => sum += nats);
      });
    }
    assertAlmostEquals(got.loss, sum / COUNT, 1e-6 * got.loss, what);
  }
});
