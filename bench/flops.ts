import type { Config } from "../src/vae/config.ts";
import { type Dense, layout, leaves, type Parameter } from "../src/vae/layout.ts";

/**
 * Multiply-adds of one training step an example: the products alone, for they are all but a percent of the work. Each layer
 * has three, forward, of the weights' gradient and of the input's gradient; layers that read x itself have no use for the
 * third, and nobody computes it.
 */
export function stepMadds(config: Config): number {
  const { encoder, decoder } = layout(config);
  const heads = [encoder.mean, encoder.logVar];
  const first = encoder.hidden.length > 0 ? encoder.hidden.slice(0, 1) : heads;
  const all = [...encoder.hidden, ...heads, ...decoder.hidden, decoder.output];
  return 3 * sum(all) - sum(first);
}

/** Floating-point operations of one training step on a batch: two a multiply-add. */
export function stepFlops(config: Config, batch: number): number {
  return 2 * batch * stepMadds(config);
}

/** How many numbers a model's parameters are. */
export function parameters(config: Config): number {
  return leaves(layout(config)).reduce((total, { shape }) => total + shape.reduce((n, size) => n * size, 1), 0);
}

function sum(layers: readonly Dense<Parameter>[]): number {
  return layers.reduce((total, { kernel: { shape } }) => total + shape[0] * shape[1], 0);
}
