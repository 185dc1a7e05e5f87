/** Adam with clipping, decoupled decay, a schedule and an average, against the rules in float64; and running statistics. */
import {
  type Adam,
  averaged,
  dispose,
  encode,
  foldIn,
  generate,
  gradients,
  init,
  key,
  load,
  random,
  save,
  schedule,
  start,
  type State,
  step,
  stop,
  type Tensors,
  tf,
  update,
} from "../../mod.ts";
import { engine } from "../../src/backend/start.ts";
import { CheckpointError } from "../../src/checkpoint_error.ts";
import { floats } from "../../src/kernels/heap.ts";
import { adamUpdate, resolveAdam, rule } from "../../src/optimizer.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/safetensors.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, bitsOf, floatsOf } from "./model.ts";
import { array64, entries, map, relativeError } from "./reference.ts";

const CONFIG = { input: 9, hidden: [6], latent: 2 };

/** Every setting at once. */
const ALL: Partial<Adam> = {
  learningRate: 1e-2,
  weightDecay: 0.1,
  clipNorm: 2,
  schedule: schedule.cosine({ steps: 12, warmup: 3, end: 0.1 }),
  averageDecay: 0.7,
};

/** Gradients that nobody computed: normal numbers of a size. */
function gradientsLike(params: Tensors, i: number, size: number): Tensors {
  let leaf = 0;
  return map<tf.Tensor, tf.Tensor>(params, (t) => tf.mul(random.normal(foldIn(key(i), leaf++), t.shape), size));
}

/** The values of every leaf. */
const lists = (tree: Tensors) => entries(map(tree, array64)).map(([, { values }]) => values);

/** All that `update` promises of one parameter, in float64, as PyTorch documents clip_grad_norm_ and AdamW. */
class Reference64 {
  readonly params: Float64Array[];
  readonly average: Float64Array[];
  readonly #mu: Float64Array[];
  readonly #nu: Float64Array[];
  #t = 0;

  constructor(params: Tensors) {
    this.params = lists(params);
    [this.average, this.#mu, this.#nu] = [1, 0, 0].map((keep) => this.params.map((p) => p.map((v) => keep * v)));
  }

  update(grads: Float64Array[], settings: Adam): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay = 0, clipNorm = Infinity, averageDecay = 0 } = settings;
    const lr = learningRate * schedule.valueAt(settings.schedule ?? 1, this.#t), t = ++this.#t;
    const norm = Math.sqrt(grads.reduce((sum, g) => sum + g.reduce((sum, v) => sum + v * v, 0), 0));
    const factor = Math.min(1, clipNorm / norm), decay = Math.min(averageDecay, (1 + t) / (10 + t));
    this.params.forEach((p, leaf) => {
      const [average, mu, nu] = [this.average[leaf], this.#mu[leaf], this.#nu[leaf]];
      for (let i = 0; i < p.length; i++) {
        const g = factor * grads[leaf][i];
        p[i] -= lr * weightDecay * p[i];
        mu[i] = beta1 * mu[i] + (1 - beta1) * g;
        nu[i] = beta2 * nu[i] + (1 - beta2) * g * g;
        p[i] -= lr * (mu[i] / (1 - beta1 ** t)) / (Math.sqrt(nu[i] / (1 - beta2 ** t)) + epsilon);
        average[i] = decay * average[i] + (1 - decay) * p[i];
      }
    });
  }
}

const SETTINGS: Record<string, Partial<Adam>> = {
  "weight decay": { learningRate: 1e-2, weightDecay: 0.3 },
  "clipping": { learningRate: 1e-2, clipNorm: 5 },
  "a schedule": { learningRate: 1e-2, schedule: schedule.stepwise({ boundaries: [2, 5], factor: 0.1 }) },
  "an average": { learningRate: 1e-1, averageDecay: 0.6 },
  "all settings": ALL,
};

for (const [name, optimizer] of Object.entries(SETTINGS)) {
  Deno.test(`fifteen updates with ${name} are those of the float64 reference`, () => {
    tf.tidy(() => {
      let state: State = init(CONFIG, { key: key(0), optimizer });
      const reference = new Reference64(state.params);
      for (let i = 0; i < 15; i++) {
        // Norms on both sides of the bounds.
        const grads = gradientsLike(state.params, i, i % 3 === 0 ? 0.01 : 1);
        reference.update(lists(grads), state.optimizer);
        state = update(state, grads);
      }
      const trees: [string, Tensors, Float64Array[]][] = [["params", state.params, reference.params]];
      if (optimizer.averageDecay) trees.push(["average", averaged(state), reference.average]);
      for (const [what, tree, wanted] of trees) {
        entries(tree).forEach(([leaf, t], i) => {
          const error = relativeError(floatsOf(t), wanted[i]);
          assert(error < 1e-6, `${what}.${leaf}: relative error ${error}`);
        });
      }
    });
  });
}

Deno.test("settings that change nothing leave the bits as they are", () => {
  tf.tidy(() => {
    const nothing: Partial<Adam> = { weightDecay: 0, clipNorm: 1e30, schedule: 1 };
    const [plain, other] = [{}, nothing].map((optimizer) => {
      let state: State = init(CONFIG, { key: key(0), optimizer });
      for (let i = 0; i < 5; i++) [state] = step(state, batchOf(4, 9), { key: foldIn(key(1), i) });
      return state;
    });
    assertEquals(bitsOf([other.params, other.mu, other.nu]), bitsOf([plain.params, plain.mu, plain.nu]));
  });
});

Deno.test("averageDecay does not touch the training, and its average begins at the parameters", () => {
  tf.tidy(() => {
    const [plain, kept] = [{}, { averageDecay: 0.9 }].map((optimizer) => init(CONFIG, { key: key(0), optimizer }));
    assertEquals(plain.average, undefined);
    assertEquals(bitsOf(averaged(kept)), bitsOf(plain.params));
    const x = batchOf(4, 9), [a] = step(plain, x, { key: key(1) }), [b] = step(kept, x, { key: key(1) });
    assertEquals(bitsOf([b.params, b.mu, b.nu]), bitsOf([a.params, a.mu, a.nu]));
    // Of the first update the decay is 2 / 11.
    const [first, last, mean] = [kept.params, b.params, averaged(b)].map((tree) => lists(tree)[0]);
    mean.forEach((v, i) => assertAlmostEquals(v, 2 / 11 * first[i] + 9 / 11 * last[i], 1e-7));
  });
});

Deno.test("averaged gives a view: the state's tensors, and a model like any other", () => {
  const before = tf.memory().numTensors, state = init(CONFIG, { key: key(0), optimizer: { averageDecay: 0.9 } });
  const params = averaged(state), count = tf.memory().numTensors;
  assertEquals(params.config, state.params.config);
  assert(params.encoder.mean.kernel === state.average!.encoder.mean.kernel);
  tf.dispose([encode(params, tf.ones([2, 9])), generate(params, { n: 2, key: key(1) })]);
  assertEquals(tf.memory().numTensors, count + 1); // the ones
  dispose(state);
  assertThrows(() => generate(params, { n: 1, key: key(1) }), TypeError, "was disposed of or donated");
  assertEquals(tf.memory().numTensors, before + 1);
});

/** Ten steps with every setting: of a size whose largest tensors are of several blocks, and split over threads. */
function trained(donate: boolean, config = { input: 300, hidden: [97], latent: 7 }): Int32Array[] {
  return tf.tidy(() => {
    const x = batchOf(31, config.input);
    let state: State = init(config, { key: key(0), optimizer: { ...ALL, clipNorm: 0.5 } });
    for (let i = 0; i < 10; i++) [state] = step(state, x, { key: foldIn(key(2), i), donate });
    return bitsOf(state);
  });
}

Deno.test("every setting gives the same bits at 1, 2, 3 and 4 threads, donated or not", async () => {
  let first: Int32Array[] | undefined;
  for (const threads of [1, 2, 3, 4]) {
    stop();
    await start({ threads });
    first ??= trained(false);
    assertEquals(trained(threads % 2 === 0), first, `${threads} threads`);
  }
  stop();
});

Deno.test("step is gradients and then update, and changes nothing that it is given, with every setting", () => {
  tf.tidy(() => {
    const state = init(CONFIG, { key: key(0), optimizer: ALL }), x = batchOf(4, 9), before = bitsOf(state);
    const [whole] = step(state, x, { key: key(1) }), [grads] = gradients(state.params, x, { key: key(1) });
    assertEquals(bitsOf(update(state, grads)), bitsOf(whole));
    assertEquals(bitsOf(state), before);
    assertEquals(bitsOf(update(state, grads, { donate: true })), bitsOf(whole));
    assertThrows(() => averaged(state).encoder.mean.kernel.dataSync(), Error, "disposed");
  });
});

Deno.test("a state with an average, donated or disposed of, leaves nothing behind", () => {
  const before = tf.memory().numTensors, x = batchOf(4, 9);
  for (const donate of [true, false]) {
    let state: State = init(CONFIG, { key: key(0), optimizer: ALL });
    assertEquals(tf.memory().numTensors, before + 1 + 4 * 10);
    for (let i = 0; i < 30; i++) {
      const [next] = step(state, x, { key: foldIn(key(1), i), donate });
      if (!donate) dispose(state);
      state = next;
    }
    assertEquals(tf.memory().numTensors, before + 1 + 4 * 10);
    dispose(state);
  }
  dispose(x);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("a state saved and loaded within goes on to the same bits, with every setting", () => {
  tf.tidy(() => {
    const x = batchOf(4, 9);
    const run = (state: State, steps: number) => {
      for (let i = 0; i < steps; i++) [state] = step(state, x, { key: foldIn(key(1), state.step) });
      return state;
    };
    const begun = init(CONFIG, { key: key(0), optimizer: ALL }), half = run(begun, 5), read = load(save(half));
    assertEquals(read.optimizer, half.optimizer);
    assert(Object.isFrozen(read.optimizer) && Object.isFrozen(read.optimizer.schedule));
    assertEquals(save(read), save(half));
    assertEquals(save(run(read, 6)), save(run(begun, 11)));
  });
});

/** A checkpoint with its parts changed, and without the hash that would refuse them first. */
function changed(bytes: Uint8Array, change: (parts: ReturnType<typeof decodeSafetensors>) => void): Uint8Array {
  const parts = decodeSafetensors(bytes);
  delete parts.metadata.sha256;
  change(parts);
  return encodeSafetensors(parts.tensors, parts.metadata);
}

Deno.test("load refuses an average without averageDecay, averageDecay without an average, and bad settings", () => {
  tf.tidy(() => {
    const [plain, all] = [{}, ALL].map((optimizer) => save(init(CONFIG, { key: key(0), optimizer })));
    assertEquals(load(plain).optimizer, resolveAdam());
    const settings = (bytes: Uint8Array, change: Record<string, unknown>) =>
      changed(
        bytes,
        ({ metadata }) => metadata.optimizer = JSON.stringify({ ...JSON.parse(metadata.optimizer), ...change }),
      );
    const cases: [Uint8Array, string][] = [
      [
        settings(plain, { averageDecay: 0.9 }),
        "expected a tensor average.encoder.hidden.0.kernel of shape [9, 6], got none",
      ],
      [
        settings(all, { averageDecay: undefined }),
        "expected no tensors but the model's, got one named \"average.decoder.",
      ],
      [
        changed(all, ({ tensors, metadata }) => {
          tensors.delete("average.encoder.mean.bias");
          delete metadata.sha256;
        }),
        "expected a tensor average.encoder.mean.bias of shape [2], got none",
      ],
      [
        settings(all, { schedule: { kind: "cosine", steps: 3, warmup: 4, end: 0 } }),
        "its optimizer is not valid: Cannot use Adam: expected warmup of a cosine schedule to be at most its 3 steps, " +
        "got 4: a schedule that ends before it starts",
      ],
      [settings(all, { schedule: { kind: "sine" } }), "Cannot use Adam: expected a schedule's kind to be one of"],
      [settings(all, { clipNorm: null }), "Cannot use Adam: expected clipNorm to be a finite number above 0, got null"],
      [settings(all, { averageDecay: null }), "Cannot use Adam: expected averageDecay to be in [0, 1), got null"],
    ];
    const before = tf.memory().numTensors;
    for (const [bytes, message] of cases) assertThrows(() => load(bytes), CheckpointError, message);
    assertEquals(tf.memory().numTensors, before);
  });
});

Deno.test("settings out of range are refused", () => {
  const least = "a finite number of at least 0", above = "a finite number above 0";
  const settings: [string, number[], string][] = [
    ["weightDecay", [-1e-3, NaN, Infinity, 1e39], least],
    ["clipNorm", [0, -1, NaN, Infinity], above],
    ["averageDecay", [1, -0.1, NaN, 2], "in [0, 1)"],
  ];
  for (const [name, values, wanted] of settings) {
    for (const value of values) {
      const message = `Cannot use Adam: expected ${name} to be ${wanted}, got ${value}`;
      assertThrows(() => init(CONFIG, { key: key(0), optimizer: { [name]: value } }), RangeError, message);
    }
  }
  const bad = (value: unknown) => () => resolveAdam({ schedule: value as number });
  assertThrows(bad(-1), RangeError, "Cannot use Adam: expected a schedule that is a number to be");
  assertThrows(bad("cosine"), TypeError, 'Cannot use Adam: expected a schedule or a number, got "cosine"');
});

Deno.test("a state whose average is not what its optimizer says is refused", () => {
  tf.tidy(() => {
    const plain = init(CONFIG, { key: key(0) }), kept = init(CONFIG, { key: key(0), optimizer: ALL });
    const x = batchOf(4, 9), options = { key: key(1) };
    const without = { ...kept, average: undefined }, extra = { ...plain, average: kept.average };
    const uses: [string, (state: State) => unknown][] = [
      ["Cannot step", (state) => step(state, x, options)],
      ["Cannot update", (state) => update(state, plain.mu)],
      ["Cannot save", (state) => save(state)],
      ["Cannot give averaged parameters", (state) => averaged(state)],
    ];
    for (const [action, use] of uses) {
      const message = (a: string, b: string) =>
        `${action}: expected a state ${a} an average, as its optimizer is ${a} averageDecay, got one ${b}`;
      assertThrows(() => use(without), TypeError, message("with", "without"));
      assertThrows(() => use(extra), TypeError, message("without", "with"));
    }
    const none = "Cannot give averaged parameters: expected a state whose optimizer has averageDecay, got one without";
    assertThrows(() => averaged(plain), TypeError, none);
    assertThrows(() => averaged({} as State), TypeError, "expected a state made by init, load or step, got an object");
    const other = init({ ...CONFIG, latent: 3 }, { key: key(0) });
    const wrong = { ...kept, average: other.params as Tensors };
    assertThrows(() => step(wrong, x, options), TypeError, "Cannot step: average.encoder.mean.kernel: expected shape");
    assertThrows(() => save(wrong), TypeError, "Cannot save: average.encoder.mean.kernel: expected shape [6, 2]");
  });
});

Deno.test("running statistics go a tenth of the way, without decay or moments, outside the norm", async () => {
  await start();
  const { runtime } = engine(), { heap } = runtime, names = ["a.kernel", "a.norm.mean", "a.norm.variance"];
  assertEquals(names.map(rule), ["adam", "statistic", "statistic"]);
  assertEquals(["norm.mean.kernel", "encoder.mean.bias", "a.norm.scale"].map(rule), ["adam", "adam", "adam"]);
  runtime.arena.scope(() => {
    const matrix = (...values: number[]) => {
      const m = runtime.arena.matrix(1, values.length);
      floats(heap, m).set(values);
      return m;
    };
    const slots = () =>
      names.map(() => ({
        params: matrix(1, 2, 3),
        mu: matrix(4, 5, 6),
        nu: matrix(7, 8, 9),
        average: matrix(1, 2, 3),
      }));
    // Statistics that would exceed the norm by far: the first gradient, whose norm is 5, is not clipped.
    const grads = [matrix(3, 0, 4), matrix(1e3, 0, -10), matrix(0, 10, 20)];
    const settings = resolveAdam({ clipNorm: 5, weightDecay: 0.5, averageDecay: 0, learningRate: 0.1 });
    const from = slots(), to = slots();
    adamUpdate(runtime, to, from, grads, settings, 1, names.map(rule));
    const [kernel, mean, variance] = to, list = (m: typeof kernel.mu) => [...floats(heap, m)];
    assertEquals(list(mean.params), [-99, 2, 4]);
    assertEquals(list(variance.params), [1, 1, 1]);
    for (const slot of [mean, variance]) assertEquals([list(slot.mu), list(slot.nu)], [[4, 5, 6], [7, 8, 9]]);
    list(kernel.mu).forEach((m, i) => assertAlmostEquals(m, 0.9 * [4, 5, 6][i] + 0.1 * [3, 0, 4][i], 1e-6));
    for (const slot of to) assertEquals(list(slot.average), list(slot.params));
    // In place: the same.
    const wanted = to.map((slot) => Object.values(slot).map(list));
    adamUpdate(runtime, from, from, grads, settings, 1, names.map(rule));
    assertEquals(from.map((slot) => Object.values(slot).map(list)), wanted);
  });
  stop();
});
