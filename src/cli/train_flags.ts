import { HOLD_OUT, type HoldOut } from "../data/images.ts";
import type { Binarize } from "../evaluate.ts";
import { type ObjectiveName, OBJECTIVES } from "../vae/objective.ts";
import type { PresetName } from "../vae/preset.ts";
import { Command, decimal, type Flags, integer, Option, parseFlags, renamed, share, text } from "./flags.ts";
import { addModelFlags, type ModelFlags, presetFlags } from "./model_flags.ts";

/** How the learning rate goes: it stays, or falls to 0 like a cosine. */
export type RateSchedule = "constant" | "cosine";

/** The schedules that there are. */
export const SCHEDULES: readonly RateSchedule[] = ["constant", "cosine"];

/** The flags of `deno task train`. */
export type TrainFlags = ModelFlags & {
  readonly preset?: PresetName | undefined;
  readonly data: string;
  readonly holdOut: HoldOut;
  readonly otherData?: boolean | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly schedule: RateSchedule;
  /** Epochs. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly clipNorm?: number | undefined;
  readonly averageDecay?: number | undefined;
  readonly beta: number;
  /** Epochs. */
  readonly klWarmup: number;
  readonly objective: ObjectiveName;
  readonly samples: number;
  readonly freeBits: number;
  readonly binarize: Binarize;
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly limit?: number | undefined;
  readonly out?: string | undefined;
  readonly resume?: string | undefined;
  readonly json?: boolean | undefined;
};

const AFTER = `
Writes model.safetensors and metrics.jsonl after each epoch, and samples.png,
reconstructions.png, curves.svg and report.html at the end. Losses are in nats
per image.

Ctrl-C saves the run and exits with 130 (SIGTERM: 143, SIGHUP: 129); a second
one exits immediately. --resume continues the run; the result is bit-identical
to an uninterrupted one. It takes the settings from the file; only --epochs,
--lr, --schedule, --warmup, --weight-decay, --clip-norm, --beta, --kl-warmup,
--objective, --samples, --free-bits and --threads may change, and --data if the
same images lie elsewhere now. The cosine schedule spans all epochs, so changing
--epochs changes it.

One process at a time trains in a folder, which has the file .lock meanwhile.
Files that another process writes there are kept as NAME.replaced-1 and so on.

With --average-decay the test set is measured, and pictures are drawn, by the
averaged parameters. The test loss is of the same objective as the train loss,
at the weight of the KL that the last step had; the test ELBO has weight 1.

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
    .addOption(
      new Option("--hold-out <which>", "tenth to test on where the data have no test images: random or end")
        .choices(HOLD_OUT).default("random"),
    )
    .addOption(option("--epochs <n>", "epochs in all", integer(0)).default(10))
    .addOption(option("--batch-size <n>", "images per step", integer(1)).default(128))
    .addOption(renamed("--batch <n>", "--batch-size"))
    .addOption(option("--lr <rate>", "Adam's learning rate", decimal({ above: true })).default(1e-3))
    .addOption(
      new Option("--schedule <name>", "the learning rate stays, or falls to 0 until the last epoch")
        .choices(SCHEDULES).default("constant"),
    )
    .addOption(
      option("--warmup <epochs>", "warm-up epochs for the learning rate", decimal({ above: false })).default(0),
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
      option("--kl-warmup <epochs>", "warm-up epochs for the weight of the KL term", decimal({ above: false }))
        .default(0),
    )
    .addOption(new Option("--objective <name>", "what is maximized").choices(OBJECTIVES).default("elbo"))
    .addOption(option("--samples <k>", "samples of z per image, for iwae and dreg", integer(1)).default(1))
    .addOption(
      option("--free-bits <nats>", "KL per latent dimension that is not penalized", decimal({ above: false }))
        .default(0),
    )
    .addOption(
      new Option("--binarize <how>", "pixels as they are, or drawn as 0 or 1 at each use").choices(binarize).default(
        "none",
      ),
    )
    .addOption(option("--seed <n>", "what all randomness comes from", integer(0)).default(0))
    .addOption(option("--threads <n>", "threads that compute (default: all cores)", integer(1, 254)))
    .addOption(option("--limit <n>", "train on the first n images only", integer(1)))
    .addOption(option("--out <folder>", "where to write (default: runs/, a new folder in it)", text))
    .addOption(option("--resume <file>", "continue from a model.safetensors, in its folder", text))
    .addOption(new Option("--other-data", "continue on data that are not those that the run began with"))
    .addOption(new Option("--json", "print one JSON object per epoch instead of bar and table"))
    .addHelpText("after", AFTER);
  const flags = parseFlags<TrainFlags>(command, args), name = flags?.given.preset;
  return flags && name ? { ...flags, all: { ...flags.all, ...presetFlags(name), ...flags.given } } : flags;
}
