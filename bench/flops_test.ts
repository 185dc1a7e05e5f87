import { equal } from "node:assert/strict";
import { resolveConfig } from "../src/vae/config.ts";
import { parameters, stepFlops, stepMadds } from "./flops.ts";

Deno.test("stepFlops of 784-400-20 at batch 128 is 0.42 GFLOP, counted by hand", () => {
  const forward = 784 * 400 + 2 * 400 * 20 + 20 * 400 + 400 * 784; // 651,200
  const inputs = 2 * 400 * 20 + 20 * 400 + 400 * 784; // 337,600: all but the first layer
  const config = resolveConfig({ input: 784, hidden: [400], latent: 20 });
  equal(stepMadds(config), 2 * forward + inputs);
  equal(stepFlops(config, 128), 419_840_000);
});

Deno.test("stepMadds of a linear model has no gradient for x in either head", () => {
  const config = resolveConfig({ input: 5, hidden: [], latent: 2 });
  equal(stepMadds(config), 2 * (2 * 5 * 2) + 3 * (2 * 5));
});

Deno.test("stepMadds follows a decoder of its own", () => {
  const config = resolveConfig({ input: 7, hidden: [6, 5], latent: 2, decoder: { hidden: [3] } });
  equal(stepMadds(config), 2 * 7 * 6 + 3 * (6 * 5 + 2 * 5 * 2 + 2 * 3 + 3 * 7));
});

Deno.test("parameters of 784-400-20", () => {
  const config = resolveConfig({ input: 784, hidden: [400], latent: 20 });
  equal(parameters(config), 785 * 400 + 2 * 401 * 20 + 21 * 400 + 401 * 784);
});
