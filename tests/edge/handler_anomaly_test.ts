/** Scores of /anomaly beside the main module's. */
import { anomalyScore, elbo, key, load as loadState, save, tf } from "../../mod.ts";
import { createHandler, load } from "../../src/edge/handler/mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { floats, json, post, served } from "./handler.ts";
import { CONFIGS, labelsOf, trained } from "./models.ts";

Deno.test("/anomaly gives the negative ELBO, and of more samples anomalyScore, for every kind of model", async () => {
  for (const [name, config] of Object.entries(CONFIGS)) {
    const file = tf.tidy(() => save(trained(config))), handler = createHandler(await load(file)), B = 4;
    const rows = Array.from(
      { length: B },
      (_, i) => Array.from({ length: config.input }, (_, j) => Math.fround((i * 31 + j * 17) % 11 / 11)),
    );
    const given = labelsOf(B, config.classes), { params } = loadState(file), x = tf.tensor2d(rows);
    const one = elbo(params, x, { key: key(5), ...given }),
      many = anomalyScore(params, x, {
        key: key(5),
        samples: 7,
        ...given,
      });
    const ask = async (samples: number) => {
      const { nats, ...rest } = await json(await post(handler, "/anomaly", { x: rows, seed: 5, samples, ...given }));
      assertEquals(rest, { seed: 5, samples });
      return floats(nats);
    };
    const scores: [Float32Array, Float32Array][] = [
      [await ask(1), (one.dataSync() as Float32Array).map((value) => -value)],
      [await ask(7), many.dataSync() as Float32Array],
    ];
    for (const [got, wanted] of scores) {
      assertEquals(got.length, B);
      got.forEach((value, b) =>
        assertAlmostEquals(value, wanted[b], 1e-5 * (Math.abs(wanted[b]) + 1), `${name}: ${value}`)
      );
    }
    tf.dispose([one, many, x]);
  }
});

Deno.test("/anomaly decodes no more codes than maxBatch", async () => {
  const { handler } = await served(undefined, { maxBatch: 6 });
  const x = [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]];
  assertEquals((await json(await post(handler, "/anomaly", { x, samples: 3 }))).samples, 3);
  const { status } = await post(handler, "/anomaly", { x, samples: 4 });
  assertEquals(status, 422);
  assert((await post(handler, "/anomaly", { x: [x[0]], samples: 6 })).ok);
});
