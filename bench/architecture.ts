import { resolveConfig } from "../src/vae/config.ts";

/** What every comparison is of: 784-400-20(x2)-400-784, ReLU, Bernoulli, pytorch/examples' VAE. */
export const MODEL = resolveConfig({ input: 784, hidden: [400], latent: 20 });
