/**
 * The same step as a tfjs user writes it: ops, autodiff, tf.train.adam, on the wasm backend that elbo has started. The
 * union package is imported only because it registers the gradients.
 */
import "npm:@tensorflow/tfjs@4.22.0";
import { tf } from "../../mod.ts";

/** A closure that does one step of Adam on the negative ELBO of the batch x [B, D]. */
export function stockStep(x: tf.Tensor2D, H: number, Z: number): () => void {
  const [B, D] = x.shape;
  const glorot = (i: number, o: number) => {
    const limit = Math.sqrt(6 / (i + o));
    return tf.variable(tf.randomUniform<tf.Rank.R2>([i, o], -limit, limit));
  };
  const zeros = (n: number) => tf.variable(tf.zeros([n]));
  const w1 = glorot(D, H), b1 = zeros(H), wm = glorot(H, Z), bm = zeros(Z), wv = glorot(H, Z), bv = zeros(Z);
  const w3 = glorot(Z, H), b3 = zeros(H), w4 = glorot(H, D), b4 = zeros(D);
  const adam = tf.train.adam(1e-3);
  const loss = (): tf.Scalar =>
    tf.tidy(() => {
      const h = tf.relu(tf.add(tf.matMul(x, w1), b1));
      const mean = tf.add(tf.matMul(h, wm), bm), logVar = tf.add(tf.matMul(h, wv), bv);
      const eps = tf.randomNormal([B, Z]);
      const z = tf.add(mean, tf.mul(eps, tf.exp(tf.mul(logVar, 0.5))));
      const logits = tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(z, w3), b3)), w4), b4);
      const tail = tf.softplus(tf.neg(tf.abs(logits)));
      const nll = tf.sum(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, x)), tail));
      const kl = tf.mul(-0.5, tf.sum(tf.sub(tf.sub(tf.add(1, logVar), tf.square(mean)), tf.exp(logVar))));
      return tf.div(tf.add(nll, kl), B) as tf.Scalar;
    });
  return () => void adam.minimize(loss);
}
