/** A training run: from flags to a folder with a model in it. */
import { dirname, join } from "node:path";
import { dataset } from "../api/batch.ts";
import { init } from "../api/init.ts";
import { save } from "../api/save.ts";
import { finalParams, type State } from "../api/state.ts";
import { start, type Status } from "../backend/start.ts";
import { type Images, type Split, take } from "../data/images.ts";
import { key } from "../random.ts";
import type { Sums } from "../evaluate.ts";
import type { Schedule } from "../schedule.ts";
import { testKey, train } from "../train.ts";
import type { Config } from "../vae/config.ts";
import { writeAtomically } from "./checkpoint_file.ts";
import type { Flags } from "./flags.ts";
import { readImages } from "./images.ts";
import { Interrupt } from "./interrupt.ts";
import { MetricsFile, toRecord } from "./metrics_file.ts";
import { configOf } from "./model_flags.ts";
import { writePictures } from "./pictures.ts";
import { reportSettings, widthsOf } from "./report_settings.ts";
import { jsonReporter, type Reporter, tableReporter } from "./reporter.ts";
import { checkCourse, readRun, resumedState } from "./resume.ts";
import { UserError } from "./run.ts";
import { FILES, runFolder } from "./run_folder.ts";
import { betaSchedule, rateSchedule, resolveSettings, type Settings, toMetadata } from "./settings.ts";
import { count } from "./table.ts";
import type { TrainFlags } from "./train_flags.ts";

/**
 * Trains as the flags say.
 *
 * @param flags All flags, and those that were given, which is what counts when a run is gone on with.
 * @returns The exit code: 0, or that of the signal which stopped it.
 */
export async function training({ all, given }: Flags<TrainFlags>): Promise<number> {
  const { resume } = all, resumed = resume === undefined ? undefined : await readRun(resume, given);
  const settings = resolveSettings(all, given, resumed?.saved), { epochs, batch, binarize } = settings;
  const split = await readData(settings), { count: examples, height, width } = split.train;
  if (resumed) checkCourse(resumed, settings, split.train);
  const status = await start({ threads: all.threads });
  const stepsPerEpoch = Math.ceil(examples / batch), schedule = rateSchedule(settings, stepsPerEpoch);
  const state = resumed ? resumedState(resumed, given, schedule) : newState(all, split.train, schedule);
  const beta = betaSchedule(settings, stepsPerEpoch), done = Math.floor(state.step / stepsPerEpoch);
  const sums = resumed?.saved?.sums;

  const reporter = all.json ? jsonReporter() : tableReporter({ epochs });
  using interrupt = new Interrupt(() => {
    reporter.clear();
    console.error("stopping once it is saved; again to stop at once");
  });
  const folder = await runFolder({ out: all.out, resume, data: split.name }), model = join(folder, FILES.model);
  const saved = { ...settings, examples, height, width };
  const write = (state: State, sums?: Sums) => {
    const metadata = toMetadata({ ...saved, ...sums && { sums } });
    return writeAtomically(model, save(state, { metadata }));
  };
  // At once, before hours are spent: the folder can be written to, and has room.
  await write(state, sums);
  const before = resume === undefined ? undefined : { path: join(dirname(resume), FILES.metrics), epochs: done };
  const metrics = await MetricsFile.begin(join(folder, FILES.metrics), before);

  for (const line of describe(split, state.params.config, status)) reporter.note(line);
  if (resume !== undefined) reporter.note(`${resume}: from step ${state.step} of ${epochs * stepsPerEpoch}`);
  using data = dataset(split.train);
  using test = dataset(split.test);
  release(split);
  const { objective, samples, freeBits } = settings, donate = true;
  const course = { epochs, batch, beta, binarize, objective, samples, freeBits, test, sums, donate };
  const events = train(state, data, course);
  const end = await trainOrStop(events, { state, stepsPerEpoch, metrics, write, reporter, interrupt });
  if (interrupt.code !== undefined) {
    reporter.note(`stopped at step ${end.step}; go on with: deno task train --resume ${model}`);
    return interrupt.code;
  }
  const { records } = metrics, { name } = split;
  const made = reportSettings({ ...end, config: end.params.config, saved, name, test });
  const subject = { params: finalParams(end), step: end.step, test, name, binarize, records, settings: made };
  const weight = typeof beta === "number" ? beta : 1; // as train measures the test set
  const pictures = await writePictures(folder, { ...subject, beta: weight, testKey: testKey(end.key) });
  reporter.note(`${folder}: ${[FILES.model, FILES.metrics, ...pictures].join(", ")}`);
  return 0;
}

/** What {@linkcode trainOrStop} needs besides the events. */
type Course = {
  /** The state before the first event, which is the last one if there is none. */
  readonly state: State;
  readonly stepsPerEpoch: number;
  readonly metrics: MetricsFile;
  readonly write: (state: State, sums?: Sums) => Promise<void>;
  readonly reporter: Reporter;
  readonly interrupt: Interrupt;
};

/** Trains to the end or until interrupted; either way the state that it gives is saved. */
async function trainOrStop(
  events: ReturnType<typeof train>,
  { state, stepsPerEpoch, metrics, write, reporter, interrupt }: Course,
): Promise<State> {
  try {
    for await (const event of events) {
      state = event.state;
      if (event.kind === "epoch") {
        const record = toRecord(event);
        // The line first: if a kill comes between, resuming drops a line too many, but could not make up one too few.
        await metrics.add(record);
        await write(state);
        reporter.epoch(record);
      } else if (interrupt.code === undefined || state.step % stepsPerEpoch === 0) {
        // Also if interrupted: after an epoch's last step its line is still to come, and no later run could tell it.
        reporter.step(event);
        continue;
      } else {
        await write(state, event.sums);
      }
      if (interrupt.code !== undefined) break;
    }
    return state;
  } finally {
    reporter.clear();
  }
}

async function readData({ data, limit }: Settings): Promise<Split> {
  const split = await readImages(data);
  return limit === undefined ? split : { ...split, train: take(split.train, limit) };
}

/** Gives back the bytes as they were read: 55 MB of MNIST, which the heap has now. */
function release({ train, test }: Split): void {
  for (const { pixels } of [train, test]) {
    const { buffer } = pixels;
    if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  }
}

function newState(flags: TrainFlags, images: Images, schedule: Schedule | undefined): State {
  const { lr, seed, clipNorm, averageDecay } = flags;
  const weightDecay = flags.weightDecay || undefined; // what changes nothing is not kept
  const optimizer = { learningRate: lr, weightDecay, clipNorm, averageDecay, schedule };
  const classes = flags.conditional ? classesOf(images) : 0;
  return init(configOf(flags, images, classes), { key: key(seed), optimizer });
}

/** How many labels there are: one more than the largest. */
function classesOf({ labels }: Images): number {
  if (labels) return labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  throw new UserError("Cannot train with --conditional: expected images with labels, got a file or folder without");
}

/** What is about to happen, for people. */
function describe({ name, train, test }: Split, config: Config, { threads, simd }: Status): string[] {
  return [
    `${name}: ${count(train.count)} train and ${count(test.count)} test images of ${train.height} x ${train.width}`,
    `${widthsOf(config)}, ${config.encoder.activation}, ${config.likelihood}, ${threads} ${
      threads === 1 ? "thread" : "threads"
    }, ${simd} SIMD`,
  ];
}
