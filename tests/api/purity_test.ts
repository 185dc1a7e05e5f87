/** Functions that change nothing: what is given stays as it was, and the same again gives the same bits. */
import {
  decode,
  elbo,
  encode,
  generate,
  gradients,
  init,
  key,
  loss,
  perExampleLoss,
  random,
  reconstruct,
  sample,
  split,
  type State,
  step,
  tf,
  update,
} from "../../mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { batchOf, bitsOf, floatsOf, modelOf } from "./model.ts";

const D = 11, Z = 3, B = 5;

function given() {
  const state = modelOf({ input: D, hidden: [7], latent: Z }, 1), x = batchOf(B, D);
  const posterior = encode(state.params, x), z = sample(posterior, { key: key(2) });
  const [grads] = gradients(state.params, x, { key: key(3) });
  return { state: step(state, x, { key: key(4) })[0], x, posterior, z, grads, p: random.uniform(key(5), [B, D]) };
}

/** Every function that takes or gives tensors, on the same arguments. */
const CALLS: Record<string, (a: ReturnType<typeof given>) => unknown> = {
  "encode": ({ state, x }) => encode(state.params, x),
  "sample": ({ posterior }) => sample(posterior, { key: key(6) }),
  "decode": ({ state, z }) => decode(state.params, z),
  "reconstruct": ({ state, x }) => reconstruct(state.params, x),
  "reconstruct with a key": ({ state, x }) => reconstruct(state.params, x, { key: key(6) }),
  "generate": ({ state }) => generate(state.params, { n: 4, key: key(6) }),
  "elbo": ({ state, x }) => elbo(state.params, x, { key: key(6) }),
  "perExampleLoss": ({ state, x }) => perExampleLoss(state.params, x, { key: key(6), beta: 2 }),
  "loss": ({ state, x }) => loss(state.params, x, { key: key(6), beta: 2 }),
  "gradients": ({ state, x }) => gradients(state.params, x, { key: key(6), beta: 2 }),
  "update": ({ state, grads }) => update(state, grads),
  "step": ({ state, x }) => step(state, x, { key: key(6), beta: 2 }),
  "random.bits": () => random.bits(key(6), [B, D]),
  "random.uniform": () => random.uniform(key(6), [B, D], { low: -2, high: 3 }),
  "random.normal": () => random.normal(key(6), [B, D]),
  "random.bernoulli": ({ p }) => random.bernoulli(key(6), p),
};

/** Fills the memory that the next tensors will get with NaN. */
function spoilHeap(): void {
  tf.dispose(Array.from({ length: 200 }, (_, i) => tf.fill([1 + i % 40, 20], NaN)));
}

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`${name} leaves its arguments as they were, and gives equal bits for equal arguments`, () => {
    tf.tidy(() => {
      const args = given(), before = bitsOf(args), plain = JSON.stringify(args.state.step);
      const first = call(args), bits = bitsOf(first);
      assertEquals(bitsOf(args), before);
      assertEquals(JSON.stringify(args.state.step), plain);
      spoilHeap();
      const second = call(args);
      assertEquals(bitsOf(second), bits);
      if (bits.length === 0) assertEquals(second, first);
      else assert(bits.every((b) => new Float32Array(b.buffer).some((v) => v !== 0)), "nothing was computed");
      assertEquals(bitsOf(args), before);
    });
  });

  Deno.test(`${name} leaks nothing in tf.tidy, and what it returns survives one`, () => {
    tf.tidy(() => {
      const args = given(), before = tf.memory().numTensors;
      tf.tidy(() => void call(args));
      assertEquals(tf.memory().numTensors, before);
      const result = tf.tidy(() => call(args)), count = bitsOf(result).length;
      assertEquals(tf.memory().numTensors, before + count);
      tf.dispose(result);
      assertEquals(tf.memory().numTensors, before);
    });
  });
}

Deno.test("step takes frozen arguments, and gives a state that shares no tensor with the old one", () => {
  tf.tidy(() => {
    const { state, x } = given();
    const freeze = (tree: object) => {
      Object.values(tree).forEach((v) => v && typeof v === "object" && !(v instanceof tf.Tensor) && freeze(v));
      Object.freeze(tree);
    };
    freeze(state);
    const [next] = step(state, x, Object.freeze({ key: key(1) }));
    assertEquals([state.step, next.step], [1, 2]);
    assertEquals(next.key, state.key);
    const bits = bitsOf(next);
    tf.dispose(state);
    assertEquals(bitsOf(next), bits);
  });
});

/** Fails unless no tensor of the state can be used, by tfjs or by us. */
function assertUnusable(state: State, x: tf.Tensor2D, grads: Parameters<typeof update>[1]): void {
  const uses: Record<string, () => unknown> = {
    encode: () => encode(state.params, x),
    generate: () => generate(state.params, { n: 1, key: key(0) }),
    gradients: () => gradients(state.params, x, { key: key(0) }),
    update: () => update(state, grads),
    step: () => step(state, x, { key: key(0) }),
    "step, donated": () => step(state, x, { key: key(0), donate: true }),
  };
  for (const use of Object.values(uses)) assertThrows(use, TypeError, "was disposed of or donated");
  for (const tree of [state.params, state.mu, state.nu]) {
    assertThrows(() => bitsOf(tree), Error, "disposed");
    assertThrows(() => tf.add(tree.encoder.mean.kernel, 1));
  }
  const old = { ...state, params: tf.tidy(() => modelOf({ input: D, hidden: [7], latent: Z }).params) };
  assertThrows(
    () => update(old, grads),
    TypeError,
    "Cannot update: mu.encoder.hidden.0.kernel: the tensor was disposed",
  );
  tf.dispose(old.params);
}

Deno.test("a donated state is unusable, after step and after update", () => {
  tf.tidy(() => {
    const a = given();
    const [next] = step(a.state, a.x, { key: key(1), donate: true });
    assertUnusable(a.state, a.x, a.grads);
    const last = update(next, a.grads, { donate: true });
    assertUnusable(next, a.x, a.grads);
    assertEquals(last.step, 3);
    encode(last.params, a.x);
  });
});

Deno.test("a donated state leaves the values to whoever else has them", () => {
  tf.tidy(() => {
    const { state, x } = given(), wanted = bitsOf(step(state, x, { key: key(1) })[0]);
    const tensors = [state.params.encoder.mean.kernel, state.params.decoder.output.bias, state.mu.encoder.logVar.bias];
    const copies = tensors.map((t) => t.clone()), views = tensors.map((t) => tf.reshape(t, [t.size]));
    const before = bitsOf([copies, views]);
    const [next] = step(state, x, { key: key(1), donate: true });
    assertEquals(bitsOf(next), wanted);
    assertEquals(bitsOf([copies, views]), before);
    assertThrows(() => tensors[0].dataSync(), Error, "disposed");
  });
});

Deno.test("tfjs computes with the values of a donated state's heir, also where it had packed the old ones", () => {
  tf.tidy(() => {
    const { state, x } = given(), product = (s: State) => tf.matMul(x, s.params.encoder.hidden[0].kernel);
    const old = bitsOf(product(state)), [kept] = step(state, x, { key: key(1) });
    const [heir] = step(state, x, { key: key(1), donate: true });
    assertEquals(bitsOf(product(heir)), bitsOf(product(kept)));
    assert(bitsOf(product(heir))[0].some((bits, i) => bits !== old[0][i]));
  });
});

Deno.test("a step that fails leaves the state usable, also where it was donated", () => {
  tf.tidy(() => {
    const { state, x, grads } = given(), options = { key: key(1), donate: true };
    const { params } = state, before = bitsOf(state);
    const numTensors = () => tf.memory().numTensors;
    assertThrows(() => step(state, tf.ones([B, D + 1]), options), TypeError);
    assertThrows(() => step(state, tf.fill([B, D], 2), options), RangeError);
    assertThrows(() => step(state, x, { ...options, beta: NaN }), RangeError);
    assertThrows(() => update(state, params.encoder as never, options), TypeError);
    const output = { ...params.decoder.output, bias: tf.fill([D], NaN) };
    const broken = { ...state, params: { ...params, decoder: { ...params.decoder, output } } };
    const count = numTensors();
    assertThrows(() => step(broken, x, options), Error, "the reconstruction term is NaN");
    assertEquals(numTensors(), count);
    assertEquals(bitsOf(state), before);
    assertEquals(bitsOf(update(state, grads, { donate: true })).length, before.length);
  });
});

Deno.test("a state from outside tf.tidy can be donated in it", () => {
  const state = modelOf({ input: D, hidden: [7], latent: Z }, 1), before = tf.memory().numTensors;
  const next = tf.tidy(() => step(state, batchOf(B, D), { key: key(1), donate: true })[0]);
  assertEquals(tf.memory().numTensors, before);
  assert(floatsOf(next.params.encoder.mean.kernel).every(Number.isFinite));
  assertEquals(split(next.key), split(state.key));
  tf.dispose(next);
});

Deno.test("what a function returns is disposed of by using", () => {
  const before = tf.memory().numTensors;
  {
    using state = init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) });
    using x = random.uniform(key(1), [3, 6]);
    using posterior = encode(state.params, x);
    using z = sample(posterior, { key: key(2) });
    using logits = decode(state.params, z);
    const [next] = step(state, x, { key: key(3) });
    using after = next;
    assertEquals([logits.shape, after.step], [[3, 6], 1]);
    assert(tf.memory().numTensors > before + 20);
  }
  assertEquals(tf.memory().numTensors, before);
});
