import type { Binarize } from "../evaluate.ts";
import { type ObjectiveName, OBJECTIVES } from "../vae/objective.ts";
import type { PresetName } from "../vae/preset.ts";
import { Command, decimal, type Flags, integer, Option, parseFlags, share, text } from "./flags.ts";
import { addModelFlags, type ModelFlags, presetFlags } from "./model_flags.ts";

/** How the learning rate goes: it stays, or falls to 0 like a cosine. */
export type RateSchedule = "constant" | "cosine";

/** The schedules that there are. */
export const SCHEDULES: readonly RateSchedule[] = ["constant", "cosine"];

/** The flags of `deno task train`. */
export type TrainFlags = ModelFlags & {
  readonly preset?: PresetName;
  readonly data: string;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  readonly schedule: RateSchedule;
  /** Epochs. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly clipNorm?: number;
  readonly averageDecay?: number;
  readonly beta: number;
  /** Epochs. */
  readonly klWarmup: number;
  readonly objective: ObjectiveName;
  readonly samples: number;
  readonly freeBits: number;
  readonly binarize: Binarize;
  readonly seed: number;
  readonly threads?: number;
  readonly limit?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
};

const AFTER = `
Writes model.safetensors and metrics.jsonl after each epoch, and samples.png,
reconstructions.png, curves.svg and report.html at the end. Losses are in nats
per image.

Ctrl-C saves where training stands and exits with 130 (SIGTERM: with 143); a
second one exits at once. --resume then goes on to the same bits as if nothing
had happened. It takes the settings from the file; only --epochs, --lr,
--schedule, --warmup, --weight-decay, --clip-norm, --beta, --kl-warmup,
--objective, --samples, --free-bits and --threads may change, and --data if the
same images lie elsewhere now. A cosine ends with the last epoch: with other
--epochs it is another cosine.

With --average-decay the test set is measured, and pictures are drawn, by the
averaged parameters. With --kl-warmup the test loss has the whole KL, weight 1.

  deno task train
  deno task train --data fashion-mnist/ --hidden 300,97 --latent 7
  deno task train --preset tutorial
  deno task train --channels 32,64 --hidden 256 --batch-norm both --conditional
  deno task train --resume runs/NAME/model.safetensors --epochs 40`;

function option(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser(parse);
}

/**
 * Parses the command line of `deno task train`.
 *
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if help was asked for, which has then been printed.
 */
export function trainFlags(args: readonly string[]): Flags<TrainFlags> | undefined {
  const binarize: Binarize[] = ["none", "dynamic"];
  const command = addModelFlags(
    new Command("deno task train").description("Train a variational autoencoder on images."),
  )
    .addOption(
      option("--data <data>", "mnist, a folder with the four IDX names, or one IDX file", text).default("mnist"),
    )
    .addOption(option("--epochs <n>", "epochs in all", integer(0)).default(10))
    .addOption(option("--batch <n>", "images a step", integer(1)).default(128))
    .addOption(option("--lr <rate>", "Adam's learning rate", decimal({ above: true })).default(1e-3))
    .addOption(
      new Option("--schedule <name>", "the learning rate stays, or falls to 0 until the last epoch")
        .choices(SCHEDULES).default("constant"),
    )
    .addOption(
      option("--warmup <epochs>", "in which the learning rate rises", decimal({ above: false })).default(0),
    )
    .addOption(
      option("--weight-decay <rate>", "decoupled decay of the parameters", decimal({ above: false })).default(0),
    )
    .addOption(
      option("--clip-norm <norm>", "largest norm of the gradient (default: no bound)", decimal({ above: true })),
    )
    .addOption(option("--average-decay <share>", "keep an average of the parameters too, such as 0.999", share))
    .addOption(option("--beta <weight>", "weight of the KL term", decimal({ above: false })).default(1))
    .addOption(
      option("--kl-warmup <epochs>", "in which the weight of the KL term rises from 0", decimal({ above: false }))
        .default(0),
    )
    .addOption(new Option("--objective <name>", "what is maximized").choices(OBJECTIVES).default("elbo"))
    .addOption(option("--samples <k>", "samples of z an image, for iwae and dreg", integer(1)).default(1))
    .addOption(
      option("--free-bits <nats>", "KL that each latent variable may have for nothing", decimal({ above: false }))
        .default(0),
    )
    .addOption(
      new Option("--binarize <how>", "pixels as they are, or drawn anew as 0 or 1").choices(binarize).default("none"),
    )
    .addOption(option("--seed <n>", "what all randomness comes from", integer(0)).default(0))
    .addOption(option("--threads <n>", "threads that compute (default: all cores)", integer(1, 254)))
    .addOption(option("--limit <n>", "train on the first n images only", integer(1)))
    .addOption(option("--out <folder>", "where to write (default: runs/, a new folder in it)", text))
    .addOption(option("--resume <file>", "go on from a model.safetensors, in its folder", text))
    .addOption(new Option("--json", "one JSON object an epoch instead of bar and table"))
    .addHelpText("after", AFTER);
  const flags = parseFlags<TrainFlags>(command, args), name = flags?.given.preset;
  return flags && name ? { ...flags, all: { ...flags.all, ...presetFlags(name), ...flags.given } } : flags;
}
