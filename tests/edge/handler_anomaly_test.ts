/** Scores of /anomaly beside the main module's. */
import { anomalyScore, key, load as loadState, save, tf } from "../../mod.ts";
import { createHandler, load } from "../../src/edge/handler/mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { floats, json, post, refused, served } from "./handler.ts";
import { CONFIGS, labelsOf, trained } from "./models.ts";

const B = 4;

/** B rows that differ. */
function rowsOf(input: number): number[][] {
  return Array.from(
    { length: B },
    (_, i) => Array.from({ length: input }, (_, j) => Math.fround((i * 31 + j * 17) % 11 / 11)),
  );
}

Deno.test("/anomaly gives anomalyScore of each example, for every kind of model and any number of samples", async () => {
  for (const [name, config] of Object.entries(CONFIGS)) {
    const file = tf.tidy(() => save(trained(config))), handler = createHandler(await load(file));
    const rows = rowsOf(config.input), { params } = loadState(file), { labels } = labelsOf(B, config.classes);
    for (const samples of [1, 7]) {
      const { nats, ...rest } = await json(await post(handler, "/anomaly", { x: rows, seed: 5, samples, labels }));
      assertEquals(rest, { seed: 5, samples });
      const got = floats(nats);
      assertEquals(got.length, B);
      for (const [b, row] of rows.entries()) {
        // Each alone: in a batch, too, the noise of its samples depends on the key alone.
        const given = labels === undefined ? {} : { labels: [labels[b]] };
        const [wanted] = tf.tidy(() =>
          anomalyScore(params, tf.tensor2d([row]), { key: key(5), samples, ...given }).dataSync()
        );
        assertAlmostEquals(
          got[b],
          wanted,
          1e-5 * (Math.abs(wanted) + 1),
          `${name}, example ${b} of ${samples} samples`,
        );
      }
    }
  }
});

Deno.test("a score does not depend on the other examples, nor on the place among them, to the bit", async () => {
  for (const name of ["linear", "dense", "conv with batch norm", "conditional by embedding", "gaussian-pixel"]) {
    const config = CONFIGS[name], { handler } = await served(config), [first, second, third] = rowsOf(config.input);
    const labels = (count: number) => config.classes ? { labels: new Array(count).fill(1) } : {};
    const score = async (x: number[][], samples: number) => {
      const { nats } = await json(await post(handler, "/anomaly", { x, samples, seed: 3, ...labels(x.length) }));
      return nats as number[];
    };
    for (const samples of [1, 5]) {
      const [alone] = await score([first], samples);
      assertEquals(await score([first, first, first], samples), [alone, alone, alone]);
      const [, other, same] = await score([third, second, first], samples);
      assertEquals([same, other], [alone, (await score([second], samples))[0]]);
      assert(other !== same);
    }
  }
});

Deno.test("/anomaly decodes no more codes than maxBatch", async () => {
  const { handler } = await served(undefined, { maxBatch: 6 });
  const x = [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]];
  assertEquals((await json(await post(handler, "/anomaly", { x, samples: 3 }))).samples, 3);
  await refused(await post(handler, "/anomaly", { x, samples: 4 }), 422);
  assert((await post(handler, "/anomaly", { x: [x[0]], samples: 6 })).ok);
});
