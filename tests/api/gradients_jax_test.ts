/** Gradients of models of real size against jax-js' autodiff, at several numbers of threads. */
import { defaultDevice, init as initJax, nn, numpy as np, valueAndGrad } from "npm:@jax-js/jax@0.1.25";
import { type ConfigOptions, gradients, key, type Params, random, start, stop, type tf } from "../../mod.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { batchOf, bitsOf, floatsOf, modelOf } from "./model.ts";
import { entries, relativeError } from "./reference.ts";

const D = 784, B = 61, KEY = key(3);

/** Bound of each gradient's error, of its norm. Both libraries sum in float32, in another order; measured: below 5e-7. */
const TOLERANCE = 1e-6;

const MODELS: (ConfigOptions & { activation: keyof typeof ACTIVATIONS })[] = [
  { input: D, hidden: [400], latent: 20, activation: "relu" },
  { input: D, hidden: [300, 97], latent: 7, activation: "tanh" },
];

const ACTIVATIONS = { relu: nn.relu, tanh: np.tanh };

/** jax-js' arrays are used up by each operation unless `.ref` says otherwise. */
type JaxArray = np.Array;

/** The mean over the batch of -elbo, as a user of jax-js would write it. */
function jaxLoss(leaves: JaxArray[], x: JaxArray, eps: JaxArray, hidden: number, activation: keyof typeof ACTIVATIONS) {
  let i = 0;
  const dense = (h: JaxArray) => np.matmul(h, leaves[i++]).add(leaves[i++]);
  let h = x.ref;
  for (let layer = 0; layer < hidden; layer++) h = ACTIVATIONS[activation](dense(h));
  const mean = dense(h.ref), logVar = dense(h);
  h = mean.ref.add(eps.mul(np.exp(logVar.ref.mul(0.5))));
  for (let layer = 0; layer < hidden; layer++) h = ACTIVATIONS[activation](dense(h));
  const logits = dense(h);
  const reconstruction = np.sum(nn.softplus(logits.ref).sub(logits.mul(x)));
  const kl = np.sum(logVar.ref.add(1).sub(mean.ref.mul(mean)).sub(np.exp(logVar))).mul(-0.5);
  return reconstruction.add(kl).mul(1 / B);
}

async function jaxGradients(params: Params, x: tf.Tensor2D): Promise<{ loss: number; grads: Float32Array[] }> {
  const array = (t: tf.Tensor) => np.array(floatsOf(t).slice()).reshape(t.shape);
  const { latent, encoder } = params.config, eps = random.normal(KEY, [B, latent]);
  const leaves = entries(params).map(([, t]) => array(t));
  const f = (p: JaxArray[], x: JaxArray, eps: JaxArray) =>
    jaxLoss(p, x, eps, encoder.hidden.length, encoder.activation as keyof typeof ACTIVATIONS);
  const [loss, grads] = valueAndGrad(f)(leaves, array(x), array(eps));
  eps.dispose();
  const values: Float32Array[] = [];
  for (const g of grads as unknown as JaxArray[]) values.push(await g.data() as Float32Array);
  return { loss: loss.js(), grads: values };
}

for (const config of MODELS) {
  const name = `${config.activation}, hidden [${config.hidden}]`;
  Deno.test(`gradients at 1, 2 and 4 threads are those of jax-js' autodiff: ${name}`, async () => {
    await initJax();
    defaultDevice("wasm");
    let wanted: Awaited<ReturnType<typeof jaxGradients>> | undefined, first: Int32Array[] | undefined;
    for (const threads of [1, 2, 4]) {
      await start({ threads });
      const { params } = modelOf(config), x = batchOf(B, D);
      wanted ??= await jaxGradients(params, x);
      const [grads, metrics] = gradients(params, x, { key: KEY });
      assertAlmostEquals(metrics.loss, wanted.loss, 1e-5 * wanted.loss);
      entries(grads).forEach(([name, t], i) => {
        const error = relativeError(floatsOf(t), wanted!.grads[i]);
        assert(error < TOLERANCE, `${name}, ${threads} threads: relative error ${error}`);
      });
      first ??= bitsOf(grads);
      assertEquals(bitsOf(grads), first, `${threads} threads give the bits of one`);
      stop();
    }
  });
}
