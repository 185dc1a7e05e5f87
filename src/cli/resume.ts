/** Going on with a run: what a checkpoint says of it, and whether that fits what is asked for. */
import { load } from "../api/save.ts";
import type { State } from "../api/state.ts";
import { CheckpointError } from "../checkpoint_error.ts";
import type { Images } from "../data/images.ts";
import { resolveAdam } from "../optimizer.ts";
import type { Schedule } from "../schedule.ts";
import { type CheckpointFile, readCheckpoint } from "./checkpoint_file.ts";
import { planEpoch } from "../batches.ts";
import { checkSize } from "./images.ts";
import { flagsOf } from "./model_flags.ts";
import { UserError } from "./run.ts";
import type { Settings } from "./settings.ts";
import type { TrainFlags } from "./train_flags.ts";

/** A checkpoint to go on from. */
export type Resumed = CheckpointFile & { readonly path: string };

/**
 * Reads a checkpoint to go on from.
 *
 * @param path The file, of `--resume`.
 * @param given The flags that were given.
 * @throws {CheckpointError} If it is none.
 * @throws {UserError} If a flag asks for another model, or another course of training, than the file's.
 */
export async function readRun(path: string, given: Partial<TrainFlags>): Promise<Resumed> {
  const file = await readCheckpoint(path);
  checkFlags(path, given, file);
  return { path, ...file };
}

/** A flag as it is typed. */
function typed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A flag's value as it is typed: a list of widths with commas. */
function shown(value: unknown): unknown {
  return Array.isArray(value) ? value.join(",") || "none" : value;
}

function checkFlags(path: string, given: Partial<TrainFlags>, { checkpoint, saved }: CheckpointFile): void {
  const { config, optimizer } = checkpoint;
  const refuse = (flag: string, got: unknown, was: unknown) => {
    throw new UserError(
      `Cannot resume ${path} with --${typed(flag)} ${got}: expected ${was}, which cannot change; leave the flag out`,
    );
  };
  const fixed = {
    ...flagsOf(config),
    preset: "the model in the file",
    averageDecay: optimizer.averageDecay ?? "none",
    batchSize: saved?.batchSize,
    holdOut: saved?.holdOut,
    binarize: saved?.binarize,
    // A file that `save` wrote has the key, but no seed.
    seed: saved ? saved.seed : "the key in the file",
  };
  for (const [flag, was] of Object.entries(fixed)) {
    const got = shown(given[flag as keyof TrainFlags]), wanted = shown(was);
    if (got !== undefined && wanted !== undefined && got !== wanted) refuse(flag, got, wanted);
  }
}

/**
 * Checks that the images are those that the run began with, or with `otherData` at least of their size and number, and
 * that the epochs asked for do not lie behind.
 *
 * @throws {UserError} What was got and what was wanted.
 * @throws {CheckpointError} If the file's sums are not those of its step.
 */
export function checkCourse(
  file: Resumed,
  { data, epochs, batchSize }: Settings,
  images: Images,
  { hash, otherData = false }: { readonly hash: string; readonly otherData?: boolean | undefined },
): void {
  const { path, checkpoint: { step, config }, saved } = file, { count: examples } = images;
  const action = `Cannot resume ${path} with the images of ${data}`;
  checkSize(action, file, images);
  if (saved && saved.examples !== examples) {
    throw new UserError(`${action}: expected ${saved.examples} train images as before, got ${examples}`);
  }
  if (saved?.dataHash !== undefined && saved.dataHash !== hash && !otherData) {
    throw new UserError(
      `${action}: expected the data that the run began with, got others (SHA-256 ${hash.slice(0, 12)}… in place of ` +
        `${saved.dataHash.slice(0, 12)}…); --other-data continues on them all the same`,
    );
  }

  const plan = planEpoch(action, config, examples, batchSize), begun = Math.ceil(step / plan.steps);
  if (epochs < begun) {
    throw new UserError(
      `Cannot resume ${path} with --epochs ${epochs}: expected at least ${begun}, the epochs already begun`,
    );
  }
  const [seen] = plan.bounds(step % plan.steps), whole = seen === 0 && step > 0;
  if (saved?.sums && saved.sums.examples !== seen && !(whole && saved.sums.examples === plan.count)) {
    const got = saved.sums.examples;
    throw new CheckpointError(
      `Cannot read checkpoint ${path}: expected sums over ${seen} examples at step ${step}, got ${got}`,
    );
  }
}

/**
 * The state to go on from; settings of the optimizer that were given take the place of the file's.
 *
 * @param schedule That of the run's settings; a file that `save` wrote has only its optimizer's, which then stays.
 */
export function resumedState(
  { bytes, saved }: Resumed,
  { lr, weightDecay, clipNorm, ...given }: Partial<TrainFlags>,
  schedule: Schedule | undefined,
): State {
  const state = load(bytes), { optimizer } = state;
  const kept = !saved && given.schedule === undefined && given.warmup === undefined;
  return {
    ...state,
    optimizer: resolveAdam({
      ...optimizer,
      learningRate: lr ?? optimizer.learningRate,
      weightDecay: (weightDecay ?? optimizer.weightDecay) || undefined, // what changes nothing is not kept
      clipNorm: clipNorm ?? optimizer.clipNorm,
      schedule: kept ? optimizer.schedule : schedule,
    }),
  };
}
