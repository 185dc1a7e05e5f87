/** Running statistics of batch normalization: how training moves them, and where they are gone by. */
import {
  averaged,
  decode,
  elbo,
  encode,
  foldIn,
  generate,
  gradients,
  key,
  loss,
  random,
  reconstruct,
  type State,
  step,
  type Tensors,
  tf,
  update,
} from "../../mod.ts";
import { leaves, names } from "../../src/vae/layout.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "../assert.ts";
import { ARCHITECTURES, examplesOf, familyOf, labelsFor, noiseOf, replaced } from "./family.ts";
import { terms64 } from "./family_objectives.ts";
import { decode64, encode64, runOf, type Values, valuesOf } from "./family_reference.ts";
import { bitsOf } from "./model.ts";
import { type Array64, array64, relativeError } from "./reference.ts";

const KEY = key(11), CONFIGS = ["batch normalization", "normalized convolutions", "everything"];

const isStatistic = (name: string) => /\.norm\.(mean|variance)$/.test(name);

/** The bits of a tree's running statistics, or of all else. */
function bitsAt(tree: Tensors, statistics: boolean): Int32Array[] {
  const list = names(tree);
  return bitsOf(leaves(tree).filter((_, i) => isStatistic(list[i]) === statistics));
}

/** What the float64 model has of the batch that a state is given. */
function statisticsOf({ params }: State, x: tf.Tensor2D, labels?: number[], samples = 1): Values {
  const { config } = params, B = x.shape[0], elbo = samples === 1;
  const eps: Array64 = {
    ...{ rows: samples * B, cols: config.latent },
    values: noiseOf(KEY, samples, B, config.latent, elbo),
  };
  const asked = { objective: elbo ? "elbo" as const : "iwae" as const, beta: 1, freeBits: 0, eps };
  return terms64(config, valuesOf(params), { x: array64(x), labels }, asked).statistics;
}

for (const what of CONFIGS) {
  Deno.test(`a step leaves 0.9 of the statistics and adds 0.1 of the batch's, with ${what}`, () => {
    for (const [samples, donate] of [[1, false], [1, true], [3, false]] as const) {
      tf.tidy(() => {
        const state = familyOf(ARCHITECTURES[what], 3), { config } = state.params, B = 5;
        const x = examplesOf(config, B), labels = labelsFor(config, B), old = valuesOf(state.params);
        const batch = statisticsOf(state, x, labels, samples), objective = samples === 1 ? "elbo" : "iwae";
        const [next] = step(state, x, { key: KEY, labels, objective, samples, donate });
        const values = valuesOf(next.params), list = [...values.keys()].filter(isStatistic);
        assertEquals(list, [...old.keys()].filter((name) => batch.has(name)));
        for (const name of list) {
          values.get(name)!.forEach((value, i) => {
            assertAlmostEquals(value, 0.9 * old.get(name)![i] + 0.1 * batch.get(name)![i], 1e-6, name);
          });
        }
      });
    }
  });
}

Deno.test("many steps on the same batch bring the statistics to those of the batch", () => {
  tf.tidy(() => {
    let state = familyOf(ARCHITECTURES["normalized convolutions"], 3, { learningRate: 1e-30 });
    const x = examplesOf(state.params.config, 6), wanted = statisticsOf(state, x);
    for (let i = 0; i < 200; i++) [state] = step(state, x, { key: KEY, donate: true });
    const values = valuesOf(state.params);
    for (const [name, batch] of wanted) assert(relativeError(values.get(name)!, batch) < 1e-5, name);
  });
});

for (const what of CONFIGS) {
  Deno.test(`encode, decode and elbo go by the running statistics unless told otherwise, with ${what}`, () => {
    tf.tidy(() => {
      const { params } = familyOf(ARCHITECTURES[what], 3), { config } = params, B = 5, values = valuesOf(params);
      const x = examplesOf(config, B), labels = labelsFor(config, B), run = runOf(config, values, labels, false);
      const near = (got: tf.Tensor, wanted: ArrayLike<number>, what: string) =>
        assert(relativeError(got.dataSync(), wanted) < 1e-5, what);
      const posterior = encode(params, x, { labels }), q = encode64(run, array64(x));
      near(posterior.mean, q.mean.values, "mean");
      near(posterior.logVar, q.logVar.values, "logVar");
      const z = random.normal(key(4), [B, config.latent]) as tf.Tensor2D;
      near(decode(params, z, { labels }), decode64(run, array64(z)).values, "outputs");
      const eps = { rows: B, cols: config.latent, values: noiseOf(KEY, 1, B, config.latent, true) };
      const asked = { objective: "elbo" as const, beta: 1, freeBits: 0, eps }, batch = { x: array64(x), labels };
      for (const training of [undefined, false, true]) {
        const wanted = terms64(config, values, batch, asked, training ?? false).loss;
        near(elbo(params, x, { key: KEY, labels, training }), wanted.map((v) => -v), `elbo, training ${training}`);
      }
      const [plain, training] = [false, true].map((training) => loss(params, x, { key: KEY, labels, training }).loss);
      assert(Math.abs(plain - training) > 1e-3);
    });
  });
}

Deno.test("without training an example does not depend on the rest of its batch", () => {
  tf.tidy(() => {
    const { params } = familyOf(ARCHITECTURES["everything"], 3), x = examplesOf(params.config, 5);
    const labels = labelsFor(params.config, 5)!;
    const [all, first] = [
      encode(params, x, { labels }),
      encode(params, tf.slice2d(x, [0, 0], [1, -1]), { labels: labels[0] }),
    ];
    assert(relativeError(first.mean.dataSync(), all.mean.dataSync().slice(0, 2)) < 1e-6);
    assert(reconstruct(params, x, { labels }).shape[0] === 5);
  });
});

Deno.test("in training the samples of an example are normalized all together, however many rows they are", () => {
  tf.tidy(() => {
    const { params } = familyOf({ ...ARCHITECTURES["batch normalization"], classes: 3 }, 3);
    for (const [B, samples] of [[5, 3], [700, 5], [2100, 2]]) {
      const x = examplesOf(params.config, B), labels = labelsFor(params.config, B);
      const options = { key: KEY, objective: "iwae", samples, labels } as const;
      const [, metrics] = gradients(params, x, options);
      assertEquals(loss(params, x, { ...options, training: true }), metrics);
    }
  });
});

Deno.test("the moments of statistics stay as they are, in step and in update", () => {
  tf.tidy(() => {
    const given = familyOf(ARCHITECTURES["everything"], 3), x = examplesOf(given.params.config, 5);
    const moments = (seed: number) =>
      replaced(given.mu, (t, name) => random.uniform(foldIn(key(seed), name.length), t.shape));
    const state = { ...given, mu: moments(1), nu: moments(2) }, options = { key: KEY, labels: 1 };
    const [grads] = gradients(state.params, x, options);
    for (const next of [step(state, x, options)[0], update(state, grads)]) {
      for (const tree of ["mu", "nu"] as const) {
        assertEquals(bitsAt(next[tree], true), bitsAt(state[tree], true));
        bitsAt(next[tree], false).forEach((bits, i) => assertNotEquals(bits, bitsAt(state[tree], false)[i]));
      }
      assertNotEquals(bitsAt(next.params, true), bitsAt(state.params, true));
    }
  });
});

Deno.test("statistics have no part in the clipped norm, no decay and no learning rate", () => {
  tf.tidy(() => {
    const clipped = { clipNorm: 0.25, weightDecay: 0.3, learningRate: 0.01 };
    const state = familyOf(ARCHITECTURES["normalized convolutions"], 3, clipped),
      x = examplesOf(state.params.config, 5);
    const [grads] = gradients(state.params, x, { key: KEY }), next = update(state, grads);
    // Gradients of statistics as large as anything leave all else as it was.
    const huge = replaced(grads, (t, name) => isStatistic(name) ? tf.mul(t, 1e6) : undefined);
    assertEquals(bitsAt(update(state, huge).params, false), bitsAt(next.params, false));
    const plain = { ...state, optimizer: { ...state.optimizer, clipNorm: undefined, weightDecay: 0, learningRate: 7 } };
    assertEquals(bitsAt(update(plain, grads).params, true), bitsAt(next.params, true));
    assertNotEquals(bitsAt(update(plain, grads).params, false), bitsAt(next.params, false));
    // The first step's first moment is 0.1 of the clipped gradient, whose norm is the clip's.
    const list = names(grads),
      mu = leaves(next.mu).filter((_, i) => !isStatistic(list[i])).map((t) => [...t.dataSync()]);
    assertAlmostEquals(Math.hypot(...mu.flat()), 0.1 * 0.25, 1e-7);
  });
});

Deno.test("an average of the parameters has one of the statistics too", () => {
  tf.tidy(() => {
    const optimizer = { averageDecay: 0.999, learningRate: 0.05 };
    let state = familyOf(ARCHITECTURES["everything"], 3, optimizer);
    const x = examplesOf(state.params.config, 5), labels = labelsFor(state.params.config, 5);
    const wanted = valuesOf(state.average!);
    for (let t = 1; t <= 8; t++) {
      [state] = step(state, x, { key: foldIn(KEY, t), labels, donate: true });
      const decay = (1 + t) / (10 + t);
      for (const [name, now] of valuesOf(state.params)) {
        const sum = wanted.get(name)!;
        sum.forEach((value, i) => sum[i] = decay * value + (1 - decay) * now[i]);
      }
    }
    const got = valuesOf(averaged(state));
    for (const [name, values] of wanted) assert(relativeError(got.get(name)!, values) < 1e-6, name);
    const [own, mean] = [state.params, averaged(state)].map((params) =>
      generate(params, { n: 3, key: KEY, labels: 1 }).dataSync()
    );
    assert(relativeError(own, mean) > 1e-3);
  });
});
