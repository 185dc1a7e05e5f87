import type { State } from "../api/state.ts";
import type { EpochPlan } from "../batches.ts";
import { type Evaluation, means, type Sums } from "../evaluate.ts";
import type { train } from "../train.ts";
import type { Interrupt } from "./interrupt.ts";
import { toRecord } from "./metrics_file.ts";
import { OutputError } from "./output.ts";
import type { Reporter } from "./reporter.ts";
import type { RunWriter } from "./run_writer.ts";

/** An epoch whose steps are done, and whose test set is still to be measured. */
export type PendingEpoch = {
  readonly sums: Sums;
  /** Of its training. */
  readonly seconds: number;
  measure(): Promise<Evaluation>;
};

/** What {@linkcode trainOrStop} needs. */
export type Course = {
  /** The state before the first event, which is the last one if there is none. */
  readonly state: State;
  /** Begins the training; missing where there is nothing to train. */
  readonly events: (() => ReturnType<typeof train>) | undefined;
  readonly pending: PendingEpoch | undefined;
  readonly plan: EpochPlan;
  readonly writer: RunWriter;
  readonly reporter: Reporter;
  readonly interrupt: Interrupt;
};

/**
 * Trains to the end or until interrupted; either way the state that it returns is saved. Stopped while a test set is
 * measured it saves the sums of the whole epoch, so that a resumed run measures it again and loses no line.
 */
export async function trainOrStop(course: Course): Promise<State> {
  const { events, pending, plan, writer, reporter, interrupt } = course;
  let { state } = course, sums = pending?.sums, seconds = pending?.seconds ?? 0, since = performance.now();
  try {
    if (pending) {
      const epoch = state.step / plan.steps, examplesPerSecond = plan.count / pending.seconds;
      const test = await pending.measure(), train = means(pending.sums);
      const record = toRecord({ epoch, step: state.step, train, test, seconds, examplesPerSecond });
      await writer.add(record);
      await writer.save(state);
      reporter.epoch(record);
      since = performance.now();
    }
    for await (const event of events?.() ?? []) {
      state = event.state;
      if (event.kind === "epoch") {
        sums = undefined;
        const record = toRecord(event);
        // The line first: if a kill comes between, resuming drops a line too many, but could not make up one too few.
        await writer.add(record);
        await writer.save(state);
        reporter.epoch(record);
        [seconds, since] = [0, performance.now()];
        if (interrupt.code !== undefined) break;
        continue;
      }
      sums = event.sums;
      seconds = (performance.now() - since) / 1000;
      // After an epoch's last step its line is still to come: the next event is that line, or the signal's error.
      if (interrupt.code === undefined || state.step % plan.steps === 0) reporter.step(event);
      else {
        await writer.save(state, sums);
        break;
      }
    }
    return state;
  } catch (error) {
    // The last event's state is good, whatever came after it.
    const stopped = interrupt.signal.aborted && error === interrupt.signal.reason;
    if (!stopped && !(error instanceof OutputError)) throw error;
    await writer.save(state, sums, sums?.examples === plan.count ? seconds : undefined);
    // Asked to stop by a terminal that hung up, it cannot print there either.
    if (interrupt.code === undefined) throw error;
    return state;
  } finally {
    reporter.clear();
  }
}
