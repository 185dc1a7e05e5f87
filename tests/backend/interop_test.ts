/** One engine: tfjs's operations take our tensors, our functions take tfjs's, whoever made them and when. */
import "npm:@tensorflow/tfjs-backend-cpu@4.22.0";
import { decode, elbo, encode, init, key, random, reconstruct, sample, start, step, stop, tf } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { bitsOf, floatsOf, modelOf } from "../api/model.ts";
import { entries, relativeError } from "../api/reference.ts";

const CONFIG = { input: 12, hidden: [9], latent: 3 };
const VALUES = Array.from({ length: 24 }, (_, i) => i / 24);

function assertClose(actual: tf.Tensor, expected: tf.Tensor): void {
  assertEquals(actual.shape, expected.shape);
  const error = relativeError(floatsOf(actual), floatsOf(expected));
  assert(error < 1e-6, `relative error ${error}`);
}

Deno.test("tensors that tfjs made before start are taken", async () => {
  stop();
  const x = tf.tensor2d(VALUES, [2, 12]), y = tf.sub(1, x), z = tf.randomNormal<tf.Rank.R2>([2, 3], 0, 1, "float32", 7);
  assertEquals(await start(), { threads: navigator.hardwareConcurrency, simd: "relaxed" });
  const { params } = modelOf(CONFIG);
  tf.dispose([encode(params, x), encode(params, y as tf.Tensor2D), decode(params, z)]);
  assertEquals([...floatsOf(x)], VALUES.map(Math.fround));
});

Deno.test("the model in tfjs's own operations gives what ours give", () => {
  tf.tidy(() => {
    const { params } = modelOf(CONFIG), { encoder, decoder } = params, x = tf.tensor2d(VALUES, [2, 12]);
    const dense = (h: tf.Tensor, layer: typeof encoder.mean) =>
      tf.add(tf.matMul(h as tf.Tensor2D, layer.kernel), layer.bias);
    const h = tf.relu(dense(x, encoder.hidden[0])), posterior = encode(params, x);
    assertClose(posterior.mean, dense(h, encoder.mean));
    assertClose(posterior.logVar, dense(h, encoder.logVar));
    const eps = random.normal(key(1), [2, 3]), z = sample(posterior, { key: key(1) });
    assertClose(z, tf.add(posterior.mean, tf.mul(tf.exp(tf.div(posterior.logVar, 2)), eps)));
    const logits = decode(params, z);
    assertClose(logits, dense(tf.relu(dense(z, decoder.hidden[0])), decoder.output));
    assertClose(reconstruct(params, x, { key: key(1) }), tf.sigmoid(logits));
    const nll = tf.sum(tf.sub(tf.softplus(logits), tf.mul(logits, x)), 1);
    const square = tf.square(posterior.mean), excess = tf.sub(tf.sub(tf.exp(posterior.logVar), 1), posterior.logVar);
    const kl = tf.div(tf.sum(tf.add(square, excess), 1), 2);
    assertClose(elbo(params, x, { key: key(1) }), tf.neg(tf.add(nll, kl)));
  });
});

Deno.test("views, slices, transposes and reshapes by tfjs are taken, and their bytes are right", () => {
  tf.tidy(() => {
    const { params } = modelOf(CONFIG), x = tf.tensor2d(VALUES, [2, 12]), wanted = bitsOf(encode(params, x));
    const columns = tf.transpose(x), padded = tf.pad(x, [[1, 1], [2, 0]]);
    const views: tf.Tensor[] = [
      x.clone(),
      tf.reshape(tf.tensor1d(VALUES), [2, 12]),
      tf.transpose(columns),
      tf.slice(padded, [1, 2], [2, 12]),
      tf.concat([tf.slice(x, [0, 0], [1, 12]), tf.slice(x, [1, 0], [1, 12])]),
      tf.variable(x),
    ];
    for (const view of views) assertEquals(bitsOf(encode(params, view as tf.Tensor2D)), wanted);
  });
});

Deno.test("tensors of another backend are taken, and another backend may be the active one", async () => {
  await start();
  const wanted = tf.tidy(() => {
    const state = init(CONFIG, { key: key(0) }), x = tf.tensor2d(VALUES, [2, 12]);
    return bitsOf([step(state, x, { key: key(1) })[0], random.normal(key(2), [5])]);
  });
  try {
    await tf.setBackend("cpu");
    tf.tidy(() => {
      const x = tf.tensor2d(VALUES, [2, 12]), state = init(CONFIG, { key: key(0) });
      const [next] = step(state, x, { key: key(1) });
      assertEquals(bitsOf([next, random.normal(key(2), [5])]), wanted);
      const [donated] = step(state, x, { key: key(1), donate: true });
      assertEquals(bitsOf(donated), bitsOf(next));
      assertEquals([...floatsOf(x)], VALUES.map(Math.fround));
      for (const [, t] of entries(next.params)) assertClose(tf.add(t, 0), t);
    });
    assertEquals(tf.getBackend(), "cpu");
  } finally {
    await tf.setBackend("wasm");
  }
});
