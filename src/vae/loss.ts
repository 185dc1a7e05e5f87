import { drawNormal } from "../kernels/draw.ts";
import type { Matrix } from "../kernels/heap.ts";
import { type Gaussian, gaussianKl, reparameterize, reparameterizeBackward } from "../kernels/posterior.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Key } from "../random.ts";
import type { Config } from "./config.ts";
import type { Network } from "./layout.ts";
import { LIKELIHOODS } from "./likelihood.ts";
import { decoderBackward, decoderForward, encoderBackward, encoderForward } from "./network.ts";

/**
 * Both terms of the negative ELBO of each example, in nats, [B, 1]: Kingma and Welling, Auto-Encoding Variational Bayes
 * (2014), equation 7 with one sample, KL in closed form (equation 10).
 */
export type Terms = {
  /** -log p(x | z), z ~ q(z | x). */
  readonly reconstruction: Matrix;
  /** KL(q(z | x) || p(z)). */
  readonly kl: Matrix;
};

function gaussian(rt: Runtime, rows: number, cols: number): Gaussian {
  return { mean: rt.arena.matrix(rows, cols), logVar: rt.arena.matrix(rows, cols) };
}

/** The terms for z = mean + exp(logVar / 2) normal(key, [B, Z]), written to `out`. */
export function lossForward(
  rt: Runtime,
  config: Config,
  params: Network<Matrix>,
  x: Matrix,
  key: Key,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const B = x.rows, Z = config.latent;
    const posterior = gaussian(rt, B, Z), z = rt.arena.matrix(B, Z);
    encoderForward(rt, config, params, x, posterior);
    gaussianKl(rt, out.kl, posterior);
    drawNormal(rt, z, key);
    reparameterize(rt, z, posterior, z);
    const outputs = decoderForward(rt, config, params, z).output.y;
    LIKELIHOODS[config.likelihood].nll(rt, out.reconstruction, outputs, x);
  });
}

/**
 * The terms, and the gradient of the batch's mean of `reconstruction + beta kl` by every parameter: backpropagation by
 * hand, layer by layer.
 *
 * @param grads Where the gradients go; overwritten.
 * @param out Where the terms go.
 */
export function lossBackward(
  rt: Runtime,
  config: Config,
  params: Network<Matrix>,
  grads: Network<Matrix>,
  x: Matrix,
  key: Key,
  beta: number,
  out: Terms,
): void {
  rt.arena.scope(() => {
    const B = x.rows, Z = config.latent;
    const posterior = gaussian(rt, B, Z), eps = rt.arena.matrix(B, Z), z = rt.arena.matrix(B, Z);
    const encoderTape = encoderForward(rt, config, params, x, posterior);
    gaussianKl(rt, out.kl, posterior);
    drawNormal(rt, eps, key);
    reparameterize(rt, z, posterior, eps);
    const decoderTape = decoderForward(rt, config, params, z), outputs = decoderTape.output.y;
    // The gradient takes the place of the outputs, which nobody needs any more.
    LIKELIHOODS[config.likelihood].nll(rt, out.reconstruction, outputs, x, { out: outputs, scale: 1 / B });
    const dz = rt.arena.matrix(B, Z), d = gaussian(rt, B, Z);
    decoderBackward(rt, config, params, grads, decoderTape, outputs, dz);
    reparameterizeBackward(rt, d, dz, posterior, eps, beta / B);
    encoderBackward(rt, config, params, grads, encoderTape, d);
  });
}
