import { drawNormal } from "../kernels/draw.ts";
import type { Matrix } from "../kernels/heap.ts";
import { gaussianKl, klByDimensionBackward, reparameterize, reparameterizeBackward } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { totalCorrelationToCode, totalCorrelationToPosterior } from "../kernels/total_correlation.ts";
import type { Key } from "../random.ts";
import { headBackward, headOf, nllOf } from "./head.ts";
import type { Network } from "./layout.ts";
import {
  type Batch,
  decoderBackward,
  decoderForward,
  encoderBackward,
  encoderForward,
  type Mode,
  type Model,
} from "./network.ts";
import type { Objective } from "./objective.ts";
import { addUp, freeBits, klWeight, penalty } from "./penalties.ts";
import { gaussianIn, type Terms } from "./terms.ts";

/** Gradients go through the batch's own statistics. */
const TRAINING: Mode = { training: true };

/**
 * The terms of the negative ELBO by one sample z = mean + exp(logVar / 2) normal(key, [B, Z]): Kingma and Welling,
 * Auto-Encoding Variational Bayes (2014), equation 7 with one sample, KL in closed form (equation 10).
 */
export function elboForward(
  rt: Runtime,
  model: Model,
  batch: Batch,
  key: Key,
  objective: Objective,
  mode: Mode,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const { x, labels } = batch, B = x.rows, Z = model.config.latent, head = headOf(rt, model);
    const posterior = out.posterior ?? gaussianIn(rt, B, Z), z = rt.arena.matrix(B, Z);
    encoderForward(rt, model, batch, posterior, mode);
    gaussianKl(rt, out.kl, posterior);
    drawNormal(rt, z, key);
    reparameterize(rt, z, posterior, z);
    const { outputs } = decoderForward(rt, model, { z, labels }, mode);
    nllOf(rt, head, out.reconstruction, outputs, x);
    addUp(rt, out, {
      ...objective,
      free: freeBits(rt, posterior, objective),
      tc: penalty(rt, z, posterior, objective),
    });
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
  model: Model,
  grads: Network<Matrix>,
  batch: Batch,
  key: Key,
  objective: Objective,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const { x, labels } = batch, B = x.rows, Z = model.config.latent, head = headOf(rt, model);
    const posterior = gaussianIn(rt, B, Z), eps = rt.arena.matrix(B, Z), z = rt.arena.matrix(B, Z);
    const encoderTape = encoderForward(rt, model, batch, posterior, TRAINING);
    gaussianKl(rt, out.kl, posterior);
    drawNormal(rt, eps, key);
    reparameterize(rt, z, posterior, eps);
    const decoderTape = decoderForward(rt, model, { z, labels }, TRAINING), { outputs } = decoderTape;
    // The gradient takes the place of the outputs, which nobody needs any more.
    nllOf(rt, head, out.reconstruction, outputs, x, { out: outputs, scale: 1 / B });
    headBackward(rt, head, grads, out.reconstruction, x.cols, () => 1 / B);
    const free = freeBits(rt, posterior, objective), tc = penalty(rt, z, posterior, objective);
    addUp(rt, out, { ...objective, free, tc });
    const dz = rt.arena.matrix(B, Z), d = gaussianIn(rt, B, Z);
    decoderBackward(rt, model, grads, decoderTape, outputs, dz);
    if (tc) totalCorrelationToCode(rt, dz, tc.tape, tc.weight / B);
    reparameterizeBackward(rt, d, dz, posterior, eps, free ? 0 : klWeight(objective) / B);
    if (free) klByDimensionBackward(rt, d, posterior, free.scales);
    if (tc) totalCorrelationToPosterior(rt, d, tc.tape, tc.weight / B);
    encoderBackward(rt, model, grads, encoderTape, d);
  });
}
