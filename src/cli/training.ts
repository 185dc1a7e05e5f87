/** A training run: from flags to a folder with a model in it. */
import { dataset } from "../api/batch.ts";
import { init } from "../api/init.ts";
import { finalParams, type State } from "../api/state.ts";
import { start, type Status } from "../backend/start.ts";
import { planEpoch } from "../batches.ts";
import { evaluateTest } from "../course.ts";
import { type Images, type Split, take } from "../data/images.ts";
import { NONE } from "../evaluate.ts";
import { key } from "../random.ts";
import type { Schedule } from "../schedule.ts";
import { train } from "../train.ts";
import { unreached } from "../unreached.ts";
import { type Config, resolveConfig } from "../vae/config.ts";
import { dataHash } from "./data_hash.ts";
import type { Flags } from "./flags.ts";
import { absolute, readImages } from "./images.ts";
import { announceStop, Interrupt } from "./interrupt.ts";
import { classesOf, labelGaps } from "./label_gaps.ts";
import { configOf } from "./model_flags.ts";
import { OutputError, warn } from "./output.ts";
import { writePictures } from "./pictures.ts";
import { reportSettings, widthsOf } from "./report_settings.ts";
import { adding, jsonReporter, tableReporter } from "./reporter.ts";
import { checkCourse, readRun, resumedState } from "./resume.ts";
import { FILES, RunFolder } from "./run_folder.ts";
import { RunWriter } from "./run_writer.ts";
import { courseOf, rateSchedule, resolveSettings, type Saved } from "./settings.ts";
import { count } from "./table.ts";
import type { TrainFlags } from "./train_flags.ts";
import { trainOrStop } from "./train_or_stop.ts";

/**
 * Trains as the flags say.
 *
 * @param flags All flags, and those that were given, which is what counts when a run is continued.
 * @returns The exit code: 0, or that of the signal which stopped it.
 */
export async function training({ all, given }: Flags<TrainFlags>): Promise<number> {
  const { resume } = all;
  using folder = new RunFolder(all);
  if (resume !== undefined) await folder.claim();
  const resumed = resume === undefined ? undefined : await readRun(resume, given);
  const settings = absolute(resolveSettings(all, given, resumed?.saved)), { epochs, batchSize, holdOut } = settings;
  const whole = await readImages(settings.data, holdOut), hash = await dataHash(whole);
  const split = limited(whole, settings.limit), { count: examples, height, width } = split.train;
  if (resumed) checkCourse(resumed, settings, split.train, { hash, otherData: all.otherData });
  const status = await start({ threads: all.threads });
  const config = resumed?.checkpoint.config ??
    resolveConfig(configOf(all, split.train, all.conditional ? classesOf(whole) : 0));
  const plan = planEpoch("Cannot train", config, examples, batchSize), schedule = rateSchedule(settings, plan.steps);
  const state = resumed ? resumedState(resumed, given, schedule) : newState(all, config, schedule);
  const done = Math.floor(state.step / plan.steps);

  const screen = all.json ? jsonReporter() : tableReporter({ epochs });
  using interrupt = new Interrupt(() => {
    screen.clear();
    announceStop();
  });
  const gaps = labelGaps(whole, config.classes), { sums, seconds } = resumed?.saved ?? {};
  const saved: Saved = { ...settings, examples, height, width, dataHash: hash, ...gaps && { labels: gaps.seen } };
  // A whole epoch whose test set was not measured any more has no line yet.
  const pending = sums !== undefined && sums.examples === examples;
  const writer = await RunWriter.begin({
    ...{ folder, data: split.name, state, resume },
    saved: { ...saved, ...sums && { sums }, ...seconds !== undefined && { seconds } },
    done: pending ? done - 1 : done,
    warn(line) {
      screen.clear();
      warn(`warning: ${line}`);
    },
  });
  const { model } = writer, hint = `continue with: deno task train --resume ${model}`;
  const reporter = adding(screen, `what is trained is saved, ${hint}`);

  for (const line of describe(split, config, status)) reporter.note(line);
  if (gaps) warn(`warning: ${gaps.message}`);
  if (resume !== undefined) reporter.note(`${resume}: from step ${state.step} of ${epochs * plan.steps}`);
  const course = courseOf(settings, plan.steps);
  for (const line of unreached({ schedule: state.optimizer.schedule, beta: course.beta, steps: epochs * plan.steps })) {
    warn(`warning: ${line}`);
  }
  using data = dataset(split.train);
  using test = dataset(split.test);
  release(whole);
  const ahead = epochs * plan.steps > state.step, { signal } = interrupt;
  if (!ahead) reporter.note(`nothing to train: ${count(state.step)} steps make ${done} of ${epochs} epochs`);
  const options = { ...course, untilEpoch: epochs, test, sums: pending ? undefined : sums, donate: true, signal };
  const end = await trainOrStop({
    state,
    events: ahead ? () => train(state, data, options) : undefined,
    pending: pending
      ? { sums: sums ?? NONE, seconds: seconds ?? 0, measure: () => evaluateTest(state, test, { ...course, signal }) }
      : undefined,
    plan,
    writer,
    reporter,
    interrupt,
  });
  const { records } = writer, { name } = split;
  const made = reportSettings({ ...end, config: end.params.config, saved, name, test });
  const subject = {
    params: finalParams(end),
    step: end.step,
    test,
    name,
    binarize: settings.binarize,
    records,
    settings: made,
  };
  const labels = gaps?.seen;
  const pictures = interrupt.code === undefined
    ? await writePictures(writer.path, {
      ...subject,
      labels,
      signal,
      measure: () => evaluateTest(end, test, { ...course, signal }),
    })
    : [];
  if (interrupt.code !== undefined) {
    const line = `stopped at step ${end.step}; ${hint}`;
    try {
      reporter.note(line);
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      warn(line); // a terminal that hung up is none of the reasons for which it stopped
    }
    return interrupt.code;
  }
  reporter.note(`${writer.path}: ${[FILES.model, FILES.metrics, ...pictures].join(", ")}`);
  return 0;
}

/** The data with so many of the train images only. */
function limited(split: Split, limit: number | undefined): Split {
  return limit === undefined ? split : { ...split, train: take(split.train, limit) };
}

/** Gives back the bytes as they were read: 55 MB of MNIST, which the heap has now. */
function release({ train, test }: Split): void {
  for (const { pixels } of [train, test]) {
    const { buffer } = pixels;
    if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  }
}

function newState(flags: TrainFlags, config: Config, schedule: Schedule | undefined): State {
  const { lr, seed, clipNorm, averageDecay } = flags;
  const weightDecay = flags.weightDecay || undefined; // what changes nothing is not kept
  return init(config, {
    key: key(seed),
    optimizer: { learningRate: lr, weightDecay, clipNorm, averageDecay, schedule },
  });
}

/** What is about to happen, for people. */
function describe({ name, train, test }: Split, config: Config, { threads, simd }: Status): string[] {
  const size = ({ height, width }: Images) => `${height} x ${width}`;
  return [
    `${name}: ${count(train.count)} train and ${count(test.count)} test images of ${size(train)}`,
    `${widthsOf(config)}, ${config.encoder.activation}, ${config.likelihood}, ${threads} ${
      threads === 1 ? "thread" : "threads"
    }, ${simd} SIMD`,
  ];
}
