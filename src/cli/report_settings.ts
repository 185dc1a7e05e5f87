import type { Checkpoint } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Config } from "../vae/config.ts";
import { layout, leaves } from "../vae/layout.ts";
import { type Saved, stepsPerEpoch } from "./settings.ts";
import { count } from "./table.ts";

/** The widths of all layers, from the image to the image; c before the channels of a convolution. */
export function widthsOf({ input, latent, encoder, decoder }: Config): string {
  const named = (channels: readonly number[]) => channels.map((n) => `c${n}`);
  const inward = [...named(encoder.channels), ...encoder.hidden];
  return [input, ...inward, latent, ...decoder.hidden, ...named(decoder.channels), input].join("-");
}

/** What {@linkcode reportSettings} tells of. */
export type Made = Pick<Checkpoint, "config" | "optimizer" | "step"> & {
  /** How it was trained, if that is known. */
  readonly saved?: Saved | undefined;
  /** The name of the data. */
  readonly name: string;
  readonly test: Dataset;
};

/** How a model was made, for the table of a report. */
export function reportSettings({ config, optimizer, step, saved, name, test }: Made): [name: string, value: string][] {
  const { encoder, decoder, likelihood, latent } = config;
  const parameters = leaves(layout(config)).reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0);
  const activation = encoder.activation === decoder.activation
    ? encoder.activation
    : `${encoder.activation} in the encoder, ${decoder.activation} in the decoder`;
  const shown = (value: unknown) => typeof value === "object" ? JSON.stringify(value) : value;
  const settings = Object.entries(optimizer).map(([name, value]) => `${name} ${shown(value)}`).join(", ");
  const normalized = [encoder, decoder].map(({ batchNorm }, i) => batchNorm ? ["encoder", "decoder"][i] : "");
  const labelled = config.embedding > 0 ? `embedded in ${config.embedding}` : "one-hot";
  const rows: [string, string][] = [
    ["Layers", widthsOf(config)],
    ["Activation", activation],
    ["Latent code", `${latent} ${latent === 1 ? "dimension" : "dimensions"}`],
    ["Likelihood", likelihood],
    ["Batch normalization", normalized.filter(Boolean).join(", ") || "none"],
    ...config.classes > 0 ? [["Labels", `${config.classes}, ${labelled}`] as [string, string]] : [],
    ["Parameters", count(parameters)],
    ["Optimizer", `Adam: ${settings}`],
    ["Steps", count(step)],
    ["Data", name],
    ["Test images", `${count(test.count)} of ${test.height} x ${test.width}`],
  ];
  if (!saved) return rows;
  const { examples, epochs, batchSize, beta, binarize, seed, objective = "elbo", samples = 1 } = saved;
  return [
    ...rows,
    ["Train images", count(examples)],
    [
      "Epochs",
      `${count(Math.floor(step / stepsPerEpoch(config, saved)))} of ${count(epochs)}`,
    ],
    ["Batch size", count(batchSize)],
    ["Objective", samples > 1 ? `${objective}, ${samples} samples` : objective],
    ["Beta", `${beta}`],
    ["Binarization", binarize],
    ["Seed", `${seed}`],
  ];
}
