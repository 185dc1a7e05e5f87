/** The model that every comparison trains, and how one trains it. */
import { dispose, foldIn, init, key, random, step } from "../mod.ts";
import { MODEL } from "./architecture.ts";

export { MODEL };

/** Training on one batch again and again, with Adam and new noise at each step. */
export type Training = { step(): void; dispose(): void };

/** A model of its own on a random batch of its own. */
export function training(batch: number, config = MODEL): Training {
  let state = init(config, { key: key(0) });
  const x = random.uniform(key(1), [batch, config.input]), noise = key(2);
  return {
    step: () => [state] = step(state, x, { key: foldIn(noise, state.step), donate: true }),
    dispose: () => dispose([state, x]),
  };
}
