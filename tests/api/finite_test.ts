/** No step returns a state with a value that is not finite: the error names the tensor, and the state before stays good. */
import { gradients, init, key, LossError, random, type State, step, type Tensors, tf, update } from "../../mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { bitsOf, withTensors } from "./model.ts";

const CONFIG = { input: 6, hidden: [5], latent: 2, likelihood: "gaussian" } as const;
const KEY = { key: key(1) };

/** Checks that a step throws, names the tensor, and leaves the state as it was, also where it was donated. */
function assertRefused(state: State, x: tf.Tensor2D, message: RegExp): void {
  for (const donate of [false, true]) {
    const before = bitsOf(state), { numTensors } = tf.memory();
    const error = assertThrows(() => step(state, x, { ...KEY, donate }), LossError);
    assert(message.test(error.message), error.message);
    assertEquals([bitsOf(state), tf.memory().numTensors], [before, numTensors]);
  }
}

Deno.test("a gradient whose square overflows is refused, where Adam's second moment would be infinite for ever", () => {
  const x = tf.fill<tf.Rank.R2>([3, 6], 1e12), state = init(CONFIG, { key: key(0) });
  assertRefused(
    state,
    x,
    /^Cannot step at step 0: expected finite gradients, got -?[\d.]+e\+\d\d, whose square .* in \w+\./,
  );
  const small = random.uniform(key(2), [3, 6]);
  assertEquals(step(state, small, { ...KEY, donate: true })[0].step, 1);
});

Deno.test("clipNorm takes such gradients, and Adam's moments stay finite", () => {
  const x = tf.fill<tf.Rank.R2>([3, 6], 1e12);
  const [next] = step(init(CONFIG, { key: key(0), optimizer: { clipNorm: 1 } }), x, KEY);
  for (const tree of [next.params, next.mu, next.nu]) {
    tf.tidy(() =>
      withTensors({ ...tree, config: next.params.config }, (t) => (assert([...t.dataSync()].every(Number.isFinite)), t))
    );
  }
});

Deno.test("settings that overflow are found in the step itself, not in the next one", () => {
  const x = random.uniform(key(2), [3, 6]);
  const settings = [{ learningRate: 3e38 }, { learningRate: 2, weightDecay: 3e38 }];
  for (const optimizer of settings) {
    const large = init(CONFIG, { key: key(0), optimizer });
    assertRefused(large, x, /^Cannot step at step 0: expected finite values, got (-?Infinity|NaN) in params\.\w+\./);
  }
});

Deno.test("update refuses gradients that are not finite, and names the tensor", () => {
  const state = init(CONFIG, { key: key(0) }), [grads] = gradients(state.params, random.uniform(key(2), [3, 6]), KEY);
  for (const value of [NaN, Infinity, -Infinity]) {
    const { config: _, ...bad } = withTensors(
      { config: state.params.config, ...grads },
      (t, name) => name === "decoder.output.bias" ? tf.fill(t.shape, value) : t,
    );
    const { message } = assertThrows(() => update(state, bad as Tensors), LossError);
    assertEquals(
      message,
      `Cannot update at step 0: expected finite gradients, got ${value} in decoder.output.bias; the state before is ` +
        "unchanged; inputs near 1, a lower learning rate or clipNorm may help",
    );
  }
});

Deno.test("a state that was put together with a value that is not finite is refused by name", () => {
  const state = init(CONFIG, { key: key(0) }), x = random.uniform(key(2), [3, 6]);
  for (const [tree, name] of [["nu", "encoder.mean.bias"], ["mu", "decoder.output.kernel"]] as const) {
    const { config: _, ...spoilt } = withTensors(
      { ...state[tree], config: state.params.config },
      (t, leaf) => leaf === name ? tf.fill(t.shape, Infinity) : t,
    );
    const pattern = new RegExp(`^Cannot step: expected finite values, got Infinity in ${tree}\\.${name};`);
    assertRefused({ ...state, [tree]: spoilt }, x, pattern);
  }
});
