/** Models of every kind have the same bits at any number of threads. */
import {
  type ConfigOptions,
  elbo,
  encode,
  foldIn,
  generate,
  init,
  key,
  likelihood,
  type LossOptions,
  type Metrics,
  start,
  type State,
  step,
  stop,
  tf,
} from "../../mod.ts";
import { assertEquals } from "../assert.ts";
import { examplesOf, labelsFor } from "./family.ts";
import { bitsOf } from "./model.ts";

/** Everything at once, in sizes that nobody tuned for. */
const LARGE: ConfigOptions = {
  ...{ input: 19 * 21 * 3, image: [19, 21, 3], latent: 7, channels: [13, 22], hidden: [61], batchNorm: true },
  ...{ classes: 5, embedding: 3, likelihood: "gaussian-global", activation: "gelu" },
};
const AVERAGED = { averageDecay: 0.99, clipNorm: 3, weightDecay: 0.01 };

/** The bits of three steps, and of what can be asked of the result. */
function train(
  config: ConfigOptions,
  settings: Partial<LossOptions>,
  B: number,
): { losses: Metrics[]; bits: Int32Array[] } {
  return tf.tidy(() => {
    let state: State = init(config, { key: key(0), optimizer: AVERAGED });
    const { config: whole } = state.params,
      x = examplesOf(whole, B),
      labels = labelsFor(whole, B),
      losses: Metrics[] = [];
    for (let i = 0; i < 3; i++) {
      const [next, metrics] = step(state, x, { key: foldIn(key(2), i), labels, ...settings });
      state = next;
      losses.push(metrics);
    }
    const { params } = state, options = { key: key(9), labels };
    const asked = [encode(params, x, { labels }), elbo(params, x, options), generate(params, { n: B, ...options })];
    const outputs = likelihood(params).sample(asked[2] as tf.Tensor2D, { key: options.key });
    return { losses, bits: bitsOf([state, asked, outputs]) };
  });
}

Deno.test("training a model of everything has the same bits at 1, 2 and 3 threads, for every objective", async () => {
  const runs: [ConfigOptions, Partial<LossOptions>, number][] = [
    [LARGE, {}, 37],
    [LARGE, { freeBits: 0.1 }, 37],
    [{ ...LARGE, activation: "relu", embedding: 0 }, { objective: "iwae", samples: 3 }, 13],
    [{ ...LARGE, batchNorm: false }, { objective: "dreg", samples: 3 }, 13],
  ];
  const first: ReturnType<typeof train>[] = [];
  for (const threads of [1, 2, 3]) {
    assertEquals((await start({ threads })).threads, threads);
    runs.forEach(([config, settings, B], i) => {
      const trained = train(config, settings, B);
      first[i] ??= trained;
      assertEquals(trained, first[i], `run ${i} with ${threads} threads`);
    });
    stop();
  }
});
