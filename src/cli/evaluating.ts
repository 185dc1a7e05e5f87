/** Measuring a trained model: from flags to a table, or one JSON object. */
import { dataset } from "../api/batch.ts";
import { load } from "../api/save.ts";
import { finalParams } from "../api/state.ts";
import { start } from "../backend/start.ts";
import { take } from "../data/images.ts";
import { type Binarize, evaluate, type Evaluation } from "../evaluate.ts";
import { key } from "../random.ts";
import type { LikelihoodName } from "../vae/likelihood.ts";
import { readCheckpoint } from "./checkpoint_file.ts";
import type { EvaluateFlags } from "./evaluate_flags.ts";
import { imagesFor } from "./images.ts";
import { print } from "./output.ts";
import { clock, newBar } from "./progress_bar.ts";
import { UserError } from "./run.ts";
import { count } from "./table.ts";

/** What a figure has to say of itself, and the figures: the object that `--json` prints. Nats per image. */
export type EvaluationRecord = Omit<Evaluation, "loss"> & {
  readonly model: string;
  /** The model's step. */
  readonly step: number;
  /** Whether the parameters are the averaged ones. */
  readonly averaged: boolean;
  readonly likelihood: LikelihoodName;
  /** The name of the data. */
  readonly data: string;
  readonly split: EvaluateFlags["split"];
  readonly examples: number;
  readonly binarize: Binarize;
  /** Of `nll` if there is one: importance weighted, over `samples`; of `elbo` in any case: one sample. */
  readonly bound: "elbo" | "importance weighted";
  readonly seed: number;
  readonly batchSize: number;
  /** Z: how many units the code has. */
  readonly latent: number;
  readonly seconds: number;
};

/**
 * Measures a model. Nothing is written, so Ctrl-C ends the process immediately, by the signal itself: exit code 130.
 *
 * @returns The exit code, 0.
 */
export async function evaluating(flags: EvaluateFlags): Promise<number> {
  const { model, split, samples, batchSize, seed, limit, threads, json = false } = flags,
    action = `Cannot evaluate ${model}`;
  const file = await readCheckpoint(model), { config, step } = file.checkpoint;
  const both = await imagesFor(action, file, flags.data), all = both[split];
  const images = limit === undefined ? all : take(all, limit);
  if (config.classes > 0 && !images.labels) {
    const wanted = `${split === "test" ? "t10k" : "train"}-labels-idx1-ubyte beside the images`;
    throw new UserError(
      `${action}: expected labels, since the model has ${config.classes} classes, got none; put ${wanted}`,
    );
  }
  await start({ threads });
  const state = load(file.bytes), binarize = flags.binarize ?? file.saved?.binarize ?? "none";
  const { likelihood, latent } = config;
  const settings = {
    ...{ model, step, averaged: state.average !== undefined, likelihood, data: both.name, split },
    ...{
      examples: images.count,
      binarize,
      bound: samples ? "importance weighted" : "elbo",
      seed,
      batchSize,
      latent,
    } as const,
  };
  if (!json) { for (const line of describe(settings)) print(line); }
  using data = dataset(images);
  const began = performance.now(), options = { key: key(seed), samples, binarize, batchSize };
  const measured = (onProgress?: (done: number) => void) =>
    evaluate(finalParams(state), data, { ...options, onProgress });
  const { loss: _, ...measures } = json ? await measured() : await withBar(measured);
  const seconds = Math.round(performance.now() - began) / 1000, record = { ...settings, ...measures, seconds };
  for (const line of json ? [JSON.stringify(record)] : table(record)) print(line);
  return 0;
}

/** Measures, with a bar on stderr, if that is a terminal, that shows the progress. */
async function withBar(measured: (onProgress: (done: number) => void) => Promise<Evaluation>): Promise<Evaluation> {
  const bar = newBar("{bar} {percentage}% | {left} left"), began = performance.now();
  bar.start(1, 0, { left: "-:--" });
  try {
    return await measured((done) => {
      bar.update(done, { left: clock((performance.now() - began) / 1000 / done * (1 - done)) });
    });
  } finally {
    bar.stop();
  }
}

/** What is about to be measured, for people. */
function describe(record: Omit<EvaluationRecord, keyof Evaluation | "seconds">): string[] {
  const { model, step, averaged, likelihood, data, split, examples, binarize, seed, batchSize } = record;
  const gray = likelihood === "bernoulli" && binarize === "none";
  return [
    `${model}: step ${count(step)}, likelihood "${likelihood}"${averaged ? ", averaged parameters" : ""}`,
    `${data}: ${count(examples)} ${split} ${
      examples === 1 ? "image" : "images"
    }, binarize ${binarize}, seed ${seed}, ` +
    `batch size ${batchSize}`,
    ...gray
      ? ["gray pixels: what follows are cross-entropies, not log-likelihoods (--binarize dynamic gives them)"]
      : [],
  ];
}

/** The measures, for people. */
function table({ elbo, elboStandardError, reconstruction, kl, ...rest }: EvaluationRecord): string[] {
  const { nll, nllStandardError, samples, activeUnits, latent, klByDimension } = rest;
  const row = (name: string, nats: string, error = "") => `${name.padEnd(30)}${nats.padStart(9)}${error.padStart(16)}`;
  const number = (nats: number, error?: number) =>
    [nats.toFixed(3), Number.isNaN(error) ? "-" : error?.toFixed(3)] as const;
  return [
    row("", "nats", "standard error"),
    row("ELBO, 1 sample", ...number(elbo, elboStandardError)),
    row("  reconstruction", ...number(reconstruction)),
    row("  KL", ...number(kl)),
    ...nll === undefined ? [] : [row(`-log p(x), ${count(samples!)} samples`, ...number(nll, nllStandardError))],
    `active units: ${activeUnits} of ${latent}`,
    `KL by dimension: ${klByDimension.map((nats) => nats.toFixed(2)).join(" ")}`,
  ].map((line) => line.trimEnd());
}
