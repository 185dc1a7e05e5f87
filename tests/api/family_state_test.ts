/** States of models of every kind: how they start, and that step, save, load and donation keep every bit. */
import {
  type ConfigOptions,
  decode,
  dispose,
  elbo,
  encode,
  foldIn,
  generate,
  gradients,
  init,
  type InitOptions,
  key,
  likelihood,
  load,
  loss,
  type LossOptions,
  perExampleLoss,
  random,
  reconstruct,
  save,
  split,
  type State,
  step,
  tf,
  update,
} from "../../mod.ts";
import { engine } from "../../src/backend/start.ts";
import { layout, leaves, names } from "../../src/vae/layout.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { ALL_LIKELIHOODS, ARCHITECTURES, examplesOf, familyOf, labelsFor } from "./family.ts";
import { bitsOf } from "./model.ts";

/** Everything at once. */
const EVERYTHING: ConfigOptions = { ...ARCHITECTURES["everything"], likelihood: "gaussian-global" };
const AVERAGED: InitOptions["optimizer"] = { averageDecay: 0.99, clipNorm: 3, weightDecay: 0.01 };

Deno.test("init draws kernels by what an output sees, embeddings normal, and begins with no normalization", () => {
  tf.tidy(() => {
    const k = key(5),
      { params } = init(EVERYTHING, { key: k }),
      shapes = layout(params.config),
      tensors = leaves(params);
    const starts = leaves(shapes), keys = split(split(k)[0], starts.length);
    names(params).forEach((name, i) => {
      const { shape, start } = starts[i], limit = typeof start === "object" ? 1 / Math.sqrt(start.fanIn) : 0;
      const wanted = start === "normal"
        ? random.normal(keys[i], [...shape])
        : typeof start === "number"
        ? tf.fill([...shape], start)
        : random.uniform(keys[i], [...shape], { low: -limit, high: limit });
      assertEquals(tensors[i].shape, wanted.shape, name);
      assertEquals(bitsOf(tensors[i]), bitsOf(wanted), name);
    });
  });
});

Deno.test("a state of everything is saved and loaded with the same bits, and goes on with the same bits", () => {
  tf.tidy(() => {
    for (const likelihood of ALL_LIKELIHOODS) {
      const given = familyOf({ ...EVERYTHING, likelihood, variance: 0.3 }, 2, AVERAGED), { config } = given.params;
      const x = examplesOf(config, 5), options = { key: key(3), labels: labelsFor(config, 5) };
      const [state] = step(given, x, options), again = load(save(state));
      assertEquals([again.params.config, again.optimizer], [config, state.optimizer]);
      assertEquals([again.step, again.key], [1, state.key]);
      assertEquals(bitsOf(again), bitsOf(state));
      assertEquals(save(again), save(state));
      const [a, b] = [state, again].map((s) => step(s, x, options));
      assertEquals(bitsOf(a[0]), bitsOf(b[0]));
      assertEquals(a[1], b[1]);
    }
  });
});

/** Every function that takes or gives tensors, on the same arguments. */
function callsOn(state: State): { args: unknown; calls: Record<string, () => unknown> } {
  const { params } = state, { config } = params, B = 5, x = examplesOf(config, B), labels = labelsFor(config, B);
  const z = random.normal(key(4), [B, config.latent]) as tf.Tensor2D, outputs = decode(params, z, { labels });
  const options = { key: key(6), labels }, iwae: LossOptions = { ...options, objective: "iwae", samples: 3 };
  const [grads] = gradients(params, x, options), p = likelihood(params);
  const calls = {
    encode: () => encode(params, x, { labels }),
    decode: () => decode(params, z, { labels }),
    reconstruct: () => reconstruct(params, x, options),
    generate: () => generate(params, { n: B, ...options }),
    elbo: () => [elbo(params, x, options), elbo(params, x, { ...options, training: true })],
    perExampleLoss: () => perExampleLoss(params, x, iwae),
    loss: () => loss(params, x, { ...iwae, training: true }),
    mean: () => p.mean(outputs),
    sample: () => p.sample(outputs, { key: key(6) }),
    logProb: () => p.logProb(outputs, x),
    gradients: () => [gradients(params, x, options), gradients(params, x, { ...iwae, objective: "dreg" })],
    update: () => update(state, grads),
    step: () => [step(state, x, options), step(state, x, iwae)],
    "save and load": () => load(save(state)),
  };
  return { args: { x, z, outputs, grads, state }, calls };
}

Deno.test("every function leaves its arguments as they were, gives equal bits again, and leaks nothing", () => {
  tf.tidy(() => {
    for (const likelihood of ALL_LIKELIHOODS) {
      const { args, calls } = callsOn(familyOf({ ...EVERYTHING, likelihood }, 2, AVERAGED)), before = bitsOf(args);
      for (const [name, call] of Object.entries(calls)) {
        const first = call(), bits = bitsOf(first), { numTensors } = tf.memory();
        tf.dispose(Array.from({ length: 50 }, (_, i) => tf.fill([1 + i % 20, 20], NaN)));
        const second = call();
        assertEquals(bitsOf(second), bits, name);
        if (bits.length === 0) assertEquals(second, first);
        assertEquals(tf.memory().numTensors, numTensors + bits.length, name);
        dispose(second);
        assertEquals(tf.memory().numTensors, numTensors, name);
      }
      assertEquals(bitsOf(args), before);
    }
  });
});

Deno.test("a donated state of everything leaves no tensor, and its heir has the same bits", () => {
  tf.tidy(() => {
    const state = familyOf(EVERYTHING, 2, AVERAGED), { config } = state.params, x = examplesOf(config, 5);
    const options = { key: key(3), labels: 2 }, [kept, metrics] = step(state, x, options);
    const [grads] = gradients(state.params, x, options), two = update(state, grads);
    assertEquals(bitsOf(two), bitsOf(kept));
    const { numTensors } = tf.memory(), old = bitsOf(state).length;
    const [heir, same] = step(state, x, { ...options, donate: true });
    assertEquals([bitsOf(heir), same], [bitsOf(kept), metrics]);
    assertEquals([tf.memory().numTensors, bitsOf(heir).length], [numTensors, old]);
    for (const tree of [state.params, state.mu, state.nu, state.average!]) {
      leaves(tree).forEach((tensor, i) => assert(tensor.isDisposed, names(tree)[i]));
    }
    assertThrows(() => step(state, x, options), TypeError, "was disposed of or donated");
    dispose(heir);
    assertEquals(tf.memory().numTensors, numTensors - old);
  });
});

for (const donate of [true, false]) {
  Deno.test(`200 steps of everything take no more memory than 20, ${donate ? "donated" : "disposed of"}`, () => {
    const outside = tf.memory().numTensors;
    let state: State = init(EVERYTHING, { key: key(0), optimizer: AVERAGED });
    const { config } = state.params, x = examplesOf(config, 9), labels = labelsFor(config, 9);
    const usage = () => {
      const { memory, runtime } = engine(), { numTensors, numDataBuffers, numBytes } = tf.memory();
      return { numTensors, numDataBuffers, numBytes, heap: memory.buffer.byteLength, arena: runtime.arena.bytes };
    };
    let before: ReturnType<typeof usage> | undefined;
    for (let i = 0; i < 220; i++) {
      if (i === 20) before = usage();
      const objective = i % 2 ? "elbo" : "iwae", samples = i % 2 ? 1 : 4;
      const [next] = step(state, x, { key: foldIn(key(2), i), labels, donate, objective, samples });
      if (!donate) dispose(state);
      state = next;
    }
    assertEquals(usage(), before!);
    dispose([state, x]);
    assertEquals(tf.memory().numTensors, outside);
  });
}
