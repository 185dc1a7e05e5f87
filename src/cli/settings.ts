/** What a training run needs to know besides the model, kept with the model so that it can go on as it began. */
import { planEpoch } from "../batches.ts";
import { mismatch } from "../checkpoint_error.ts";
import type { Binarize, Sums } from "../evaluate.ts";
import { HOLD_OUT, type HoldOut } from "../data/images.ts";
import { show, showText } from "../checks/show.ts";
import { parseText } from "../metadata.ts";
import { cosine, linear, type Schedule } from "../schedule.ts";
import type { Course } from "../course.ts";
import type { Config } from "../vae/config.ts";
import { type ObjectiveName, OBJECTIVES } from "../vae/objective.ts";
import { type RateSchedule, SCHEDULES, type TrainFlags } from "./train_flags.ts";

/** The settings of a run that are not in the model's configuration or the optimizer's. */
export type Settings = {
  /** `mnist`, or the absolute path of `--data`. */
  readonly data: string;
  /** Which tenth is held out where the data have no test images. */
  readonly holdOut: HoldOut;
  readonly epochs: number;
  readonly batchSize: number;
  readonly beta: number;
  readonly binarize: Binarize;
  readonly seed: number;
  readonly limit?: number;
  /** Missing where it is "constant". */
  readonly schedule?: RateSchedule;
  /** Epochs; missing where there are none. */
  readonly warmup?: number;
  /** Epochs; missing where there are none. */
  readonly klWarmup?: number;
  /** Missing where it is "elbo". */
  readonly objective?: ObjectiveName;
  /** Missing where it is 1. */
  readonly samples?: number;
  /** Nats; missing where there are none. */
  readonly freeBits?: number;
};

/** What a checkpoint keeps under `training`: the settings, the shape of the data, and how far a begun epoch is. */
export type Saved = Settings & {
  /** How many images were trained on: with `batchSize` it says which step is in which epoch. */
  readonly examples: number;
  readonly height: number;
  readonly width: number;
  /** {@linkcode dataHash} of the data; missing in files of elbo 0.1. */
  readonly dataHash?: string;
  /** The labels that examples have, where there are gaps between them. */
  readonly labels?: readonly number[];
  /** Of the epoch that was begun; of a whole one if it was stopped before its test set was measured. */
  readonly sums?: Sums;
  /** Seconds of training in that epoch so far, if it is whole. */
  readonly seconds?: number;
};

const ENTRY = "training";

/** The metadata for `save`. */
export function toMetadata(saved: Saved): Record<string, string> {
  return { [ENTRY]: JSON.stringify(saved) };
}

/**
 * Reads what {@linkcode toMetadata} wrote.
 *
 * @param metadata The further metadata of a checkpoint.
 * @returns The settings; undefined where the API, not the command line, saved the file.
 * @throws {CheckpointError} If they are damaged: which of them, what was got, what was wanted.
 */
export function fromMetadata(metadata: Readonly<Record<string, string>>): Saved | undefined {
  if (!Object.hasOwn(metadata, ENTRY)) return undefined;
  const saved = renamed(parse(metadata[ENTRY]!));
  const check = (name: string, value: unknown, good: (value: never) => boolean, wanted: string) => {
    if (!good(value as never)) throw mismatch("read", `${ENTRY}.${name} to be ${wanted}`, show(value));
  };
  const from = (min: number) => (value: unknown) => Number.isSafeInteger(value) && (value as number) >= min;
  const amount = (value: unknown) => Number.isFinite(value) && (value as number) >= 0;
  const either = (good: (value: unknown) => boolean) => (value: unknown) => value === undefined || good(value);
  check("data", saved.data, (value) => typeof value === "string", "a text");
  check("binarize", saved.binarize, (value) => ["none", "dynamic"].includes(value), '"none" or "dynamic"');
  check("beta", saved.beta, amount, "a number of at least 0");
  check("epochs", saved.epochs, from(0), "an integer of at least 0");
  check("seed", saved.seed, from(0), "an integer of at least 0");
  for (const name of ["batchSize", "examples", "height", "width"] as const) {
    check(name, saved[name], from(1), "a positive integer");
  }
  check("limit", saved.limit, either(from(1)), "a positive integer");
  check("schedule", saved.schedule, either((name) => SCHEDULES.includes(name as RateSchedule)), SCHEDULES.join(" or "));
  for (const name of ["warmup", "klWarmup", "freeBits"] as const) {
    check(name, saved[name], either(amount), "a number of at least 0");
  }
  const known = (name: unknown) => OBJECTIVES.includes(name as ObjectiveName);
  check("objective", saved.objective, either(known), OBJECTIVES.join(" or "));
  check("samples", saved.samples, either(from(1)), "a positive integer");
  check("holdOut", saved.holdOut, (how) => HOLD_OUT.includes(how), HOLD_OUT.join(" or "));
  check("dataHash", saved.dataHash, either((text) => /^[0-9a-f]{64}$/.test(text as string)), "64 hexadecimal digits");
  const labels = (list: unknown) => Array.isArray(list) && list.length > 0 && list.every(from(0));
  check("labels", saved.labels, either(labels), "an array of integers");
  check("seconds", saved.seconds, either(amount), "a number of at least 0");
  const { sums } = saved;
  check("sums", sums, either((value) => typeof value === "object" && value !== null), "an object");
  if (sums) {
    check("sums.examples", sums.examples, from(1), "a positive integer");
    for (const name of ["reconstruction", "kl"] as const) {
      check(`sums.${name}`, sums[name], Number.isFinite, "a number");
    }
    check("sums.loss", sums.loss, either(Number.isFinite), "a number");
    // Older files have no sum of the loss, whose weight of the KL was then the same in all steps.
    const { loss = sums.reconstruction + saved.beta * sums.kl } = sums;
    return { ...saved, sums: { ...sums, loss } };
  }
  return saved;
}

function parse(text: string): Saved {
  let value: unknown;
  try {
    value = parseText(text);
  } catch (cause) {
    throw mismatch("read", `${ENTRY} to be JSON`, showText((cause as Error).message), cause);
  }
  if (typeof value === "object" && value !== null) return value as Saved;
  throw mismatch("read", `${ENTRY} to be an object`, show(value));
}

/** Settings as they are now: elbo 0.1 called the batch size `batch`, and always held out the end. */
function renamed({ batch, ...saved }: Saved & { readonly batch?: number | undefined }): Saved {
  return { ...saved, holdOut: saved.holdOut ?? "end", batchSize: saved.batchSize ?? batch! };
}

/** The flags that are settings; of those that are not known, the default. */
function pick(flags: TrainFlags): Settings {
  const { data, holdOut, epochs, batchSize, beta, binarize, seed, limit, schedule, warmup, klWarmup } = flags;
  const { objective, samples, freeBits } = flags;
  return {
    data,
    holdOut,
    epochs,
    batchSize,
    beta,
    binarize,
    seed,
    ...limit !== undefined && { limit },
    ...schedule !== "constant" && { schedule },
    ...warmup > 0 && { warmup },
    ...klWarmup > 0 && { klWarmup },
    ...objective !== "elbo" && { objective },
    ...samples > 1 && { samples },
    ...freeBits > 0 && { freeBits },
  };
}

/** The settings of a run: what was given, else what the file says, else the default. */
export function resolveSettings(all: TrainFlags, given: Partial<TrainFlags>, saved?: Saved): Settings {
  return pick({ ...all, ...saved, ...given });
}

/** The schedule of the learning rate; undefined where it stays as it is. Warm-ups are whole steps, to the nearest. */
export function rateSchedule({ schedule, epochs, warmup = 0 }: Settings, stepsPerEpoch: number): Schedule | undefined {
  const steps = Math.max(1, epochs * stepsPerEpoch), rise = Math.round(warmup * stepsPerEpoch);
  if (schedule === "cosine") return cosine({ steps, warmup: rise });
  return rise > 0 ? cosine({ steps: rise, warmup: rise, end: 1 }) : undefined;
}

/** Returns the steps that an epoch of a run has. */
export function stepsPerEpoch(config: Config, { examples, batchSize }: Saved): number {
  return planEpoch("Cannot continue", config, examples, batchSize).steps;
}

/** Returns what a run minimizes, as `train` takes it and as its test set is measured by. */
export function courseOf(settings: Settings, stepsPerEpoch: number): Course {
  const { batchSize, binarize, objective, samples, freeBits } = settings;
  return { batchSize, binarize, objective, samples, freeBits, beta: betaSchedule(settings, stepsPerEpoch) };
}

/** The weight of the KL term. */
export function betaSchedule({ beta, klWarmup = 0 }: Settings, stepsPerEpoch: number): number | Schedule {
  const steps = Math.round(klWarmup * stepsPerEpoch);
  return steps > 0 ? linear({ to: beta, steps }) : beta;
}
