/**
 * One training step in jax-js on its wasm backend, written as its README would have it: a jitted value and gradient of the
 * loss, a jitted Adam. Same network, batch, optimizer and timing as bench/measure/step.ts.
 *
 *     deno run -A bench/peers/jax_js.ts --batch-size 128
 */
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "npm:@jax-js/jax@0.1.25";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { time } from "../timing.ts";

type Values = ReturnType<typeof np.zeros>;

export const NAME = "jax-js 0.1.25 wasm";

const D = 784, H = 400, Z = 20;
const LAYERS = [[D, H], [H, Z], [H, Z], [Z, H], [H, D]];

function draw(rows: number, cols: number, number: () => number): Values {
  return np.array(Float32Array.from({ length: rows * cols }, number)).reshape([rows, cols]);
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

// In jax-js a use consumes an array; `.ref` keeps it for another.
function negativeElbo(params: Values[], x: Values, eps: Values): Values {
  const [w1, b1, wm, bm, wv, bv, w3, b3, w4, b4] = params, B = x.shape[0];
  const h = nn.relu(np.matmul(x.ref, w1).add(b1));
  const mean = np.matmul(h.ref, wm).add(bm), logVar = np.matmul(h, wv).add(bv);
  const z = mean.ref.add(eps.mul(np.exp(logVar.ref.mul(0.5))));
  const logits = np.matmul(nn.relu(np.matmul(z, w3).add(b3)), w4).add(b4);
  const nll = np.sum(nn.softplus(logits.ref).sub(logits.mul(x)));
  const kl = np.sum(logVar.ref.add(1).sub(mean.ref.mul(mean)).sub(np.exp(logVar))).mul(-0.5);
  return nll.add(kl).mul(1 / B);
}

function adam(params: Values[], mu: Values[], nu: Values[], grads: Values[], c1: Values, c2: Values) {
  const next: [Values[], Values[], Values[]] = [[], [], []];
  params.forEach((param, i) => {
    const m = mu[i].mul(0.9).add(grads[i].ref.mul(0.1));
    const v = nu[i].mul(0.999).add(grads[i].ref.mul(grads[i]).mul(0.001));
    next[0].push(param.sub(m.ref.mul(c1.ref).div(np.sqrt(v.ref.mul(c2.ref)).add(1e-8)).mul(1e-3)));
    next[1].push(m);
    next[2].push(v);
  });
  return next;
}

/** A closure that does one step of Adam on a random batch [B, 784], and gives the loss. */
export async function jaxStep(B: number): Promise<() => number> {
  await init();
  defaultDevice("wasm");
  const gradient = jit(valueAndGrad(negativeElbo)), update = jit(adam);
  let params: Values[] = LAYERS.flatMap(([inputs, outputs]) => [
    draw(inputs, outputs, () => (2 * Math.random() - 1) / Math.sqrt(inputs)),
    np.zeros([outputs]),
  ]);
  let mu = params.map((p) => np.zerosLike(p.ref)), nu = params.map((p) => np.zerosLike(p.ref)), t = 0;
  const x = draw(B, D, Math.random);
  return () => {
    t++;
    const [loss, grads] = gradient(params.map((p) => p.ref), x.ref, draw(B, Z, normal));
    const c1 = np.array(1 / (1 - 0.9 ** t)), c2 = np.array(1 / (1 - 0.999 ** t));
    [params, mu, nu] = update(params, mu, nu, grads, c1, c2);
    return loss.js() as number; // waits for it
  };
}

if (import.meta.main) {
  const { batch, quick } = readFlags({ batch: 128, quick: false });
  const { median: ms, min, max } = time(
    await jaxStep(batch),
    quick ? { samples: 3 } : { samples: 15, sample: 100, warmup: 1000 },
  );
  print({ measure: "step", peer: NAME, batch, ms, min, max });
  Deno.exit(0); // its threads would keep the process
}
