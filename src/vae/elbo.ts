import { drawNormal } from "../kernels/draw.ts";
import { floats, type Matrix } from "../kernels/heap.ts";
import {
  type Gaussian,
  gaussianKl,
  klByDimension,
  klByDimensionBackward,
  reparameterize,
  reparameterizeBackward,
} from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";
import type { Config } from "./config.ts";
import type { Network } from "./layout.ts";
import { LIKELIHOODS } from "./likelihood.ts";
import { decoderBackward, decoderForward, encoderBackward, encoderForward } from "./network.ts";
import type { Objective } from "./objective.ts";
import { gaussianIn, type Terms } from "./terms.ts";

/**
 * The terms of the negative ELBO by one sample z = mean + exp(logVar / 2) normal(key, [B, Z]): Kingma and Welling,
 * Auto-Encoding Variational Bayes (2014), equation 7 with one sample, KL in closed form (equation 10).
 */
export function elboForward(
  rt: Runtime,
  config: Config,
  params: Network<Matrix>,
  x: Matrix,
  key: Key,
  objective: Objective,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const B = x.rows, Z = config.latent;
    const posterior = gaussianIn(rt, B, Z), z = rt.arena.matrix(B, Z);
    encoderForward(rt, config, params, x, posterior);
    gaussianKl(rt, out.kl, posterior);
    drawNormal(rt, z, key);
    reparameterize(rt, z, posterior, z);
    const outputs = decoderForward(rt, config, params, z).output.y;
    LIKELIHOODS[config.likelihood].nll(rt, out.reconstruction, outputs, x, 0);
    addUp(rt, out, objective, freeBits(rt, posterior, objective));
  });
}

/**
 * The terms, and the gradient of the batch's mean loss by every parameter: backpropagation by hand, layer by layer.
 *
 * @param grads Where the gradients go; overwritten.
 * @param out Where the terms go.
 */
export function elboBackward(
  rt: Runtime,
  config: Config,
  params: Network<Matrix>,
  grads: Network<Matrix>,
  x: Matrix,
  key: Key,
  objective: Objective,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const B = x.rows, Z = config.latent;
    const posterior = gaussianIn(rt, B, Z), eps = rt.arena.matrix(B, Z), z = rt.arena.matrix(B, Z);
    const encoderTape = encoderForward(rt, config, params, x, posterior);
    gaussianKl(rt, out.kl, posterior);
    drawNormal(rt, eps, key);
    reparameterize(rt, z, posterior, eps);
    const decoderTape = decoderForward(rt, config, params, z), outputs = decoderTape.output.y;
    // The gradient takes the place of the outputs, which nobody needs any more.
    LIKELIHOODS[config.likelihood].nll(rt, out.reconstruction, outputs, x, 0, { out: outputs, scale: 1 / B });
    const free = freeBits(rt, posterior, objective);
    addUp(rt, out, objective, free);
    const dz = rt.arena.matrix(B, Z), d = gaussianIn(rt, B, Z);
    decoderBackward(rt, config, params, grads, decoderTape, outputs, dz);
    reparameterizeBackward(rt, d, dz, posterior, eps, free ? 0 : objective.beta / B);
    if (free) klByDimensionBackward(rt, d, posterior, free.scales);
    encoderBackward(rt, config, params, grads, encoderTape, d);
  });
}

/** What free bits change: the KL that is punished, for each example, and each dimension's weight in the gradient. */
type FreeBits = { readonly kl: number; readonly scales: Matrix };

/**
 * The sum over dimensions of max(freeBits, KL_j), KL_j the mean over the batch: a dimension below it is not pulled any
 * closer to the prior.
 */
function freeBits(rt: Runtime, posterior: Gaussian, { freeBits: least, beta }: Objective): FreeBits | undefined {
  if (least === 0) return undefined;
  const { rows, cols } = posterior.mean, scales = rt.arena.matrix(1, cols);
  klByDimension(rt, scales, posterior);
  const values = floats(rt.heap, scales);
  let kl = 0;
  for (let j = 0; j < cols; j++) {
    kl += Math.max(least, values[j]);
    values[j] = values[j] > least ? beta / rows : 0;
  }
  return { kl, scales };
}

/** loss = reconstruction + beta kl, with the batch's punished KL in place of each example's where bits are free. */
function addUp(rt: Runtime, { loss, reconstruction, kl }: Terms, { beta }: Objective, free?: FreeBits): void {
  const total = floats(rt.heap, loss), nll = floats(rt.heap, reconstruction), divergence = floats(rt.heap, kl);
  for (let b = 0; b < total.length; b++) total[b] = nll[b] + beta * (free ? free.kl : divergence[b]);
}
