import type { Adam } from "../optimizer.ts";
import { checkOptions, type Names, type Optional } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import type { ConfigOptions } from "./config.ts";

/** A model with the recipe that it is known by: what `init` and `train` take. */
export type Preset = {
  readonly config: ConfigOptions;
  readonly optimizer: Optional<Adam>;
  /** Examples per step. */
  readonly batchSize: number;
  readonly epochs: number;
};

/** Options of {@linkcode preset}. */
export type PresetOptions = {
  /** D: width of an example; default 784. */
  readonly input?: number | undefined;
};

const OPTIONS: Names<PresetOptions> = { input: true };

const PRESETS = {
  /** As tutorials of VAEs build it, but for what is wrong in them; see {@linkcode preset}. */
  tutorial: (input: number): Preset => ({
    config: {
      input,
      latent: 32,
      likelihood: "squared-error",
      encoder: { hidden: [256], activation: "relu" },
      decoder: { hidden: [256], activation: "relu", batchNorm: true },
    },
    optimizer: { learningRate: 1e-3 },
    batchSize: 128,
    epochs: 100,
  }),
} as const;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** The names of the presets. */
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

/**
 * A model and its recipe by name.
 *
 * - `"tutorial"`: encoder 784-256 relu with a head each for mean and log-variance, latent 32; decoder 256 relu, batch
 *   normalization, 784 linear; squared error, Adam 1e-3, batch 128, 100 epochs. Mended here: one head for both outputs, of
 *   which a log was taken; a batch normalization made anew at each call, so that it never learned; a wrong KL term.
 *
 * @param name Which one.
 * @param options.input D: width of an example; default 784.
 * @returns Config, settings of the optimizer, batch size and epochs.
 * @throws {RangeError} If there is no preset of that name.
 *
 * @example
 * ```ts
 * import { init, key, preset } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const { config, optimizer, batchSize, epochs } = preset("tutorial");
 * const state = init(config, { key: key(0), optimizer });
 * assert.deepEqual(state.params.encoder.mean.kernel.shape, [256, 32]);
 * assert.deepEqual([batchSize, epochs], [128, 100]);
 * ```
 */
export function preset(name: PresetName, options: PresetOptions = {}): Preset {
  checkOptions("Cannot use preset", options, OPTIONS);
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name](options.input ?? 784);
  const names = PRESET_NAMES.map((known) => `"${known}"`).join(", ");
  throw new RangeError(`Cannot use preset: expected one of ${names}, got ${show(name)}`);
}
