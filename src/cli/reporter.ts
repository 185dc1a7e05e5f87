import type { StepEvent } from "../train.ts";
import type { EpochRecord } from "./metrics_file.ts";
import { OutputError, print, warn } from "./output.ts";
import { ProgressBar } from "./progress_bar.ts";
import { tableHead, tableRow } from "./table.ts";

/** Tells whoever watches how training goes. */
export interface Reporter {
  /** A line for people. */
  note(line: string): void;
  step(event: StepEvent): void;
  epoch(record: EpochRecord): void;
  /** Takes away what is not to stay on the screen. */
  clear(): void;
}

/** For people: a table on stdout, its head before the first row, and below it a bar, if stderr is a terminal. */
export function tableReporter(options: { readonly epochs: number }): Reporter {
  const bar = new ProgressBar(options);
  let rows = 0;
  const show = (line: string) => {
    bar.clear();
    print(line);
  };
  return {
    note: show,
    step: (event) => bar.update(event),
    epoch(record) {
      if (rows++ === 0) show(tableHead());
      show(tableRow(record));
    },
    clear: () => bar.clear(),
  };
}

/** For programs: on stdout one JSON object an epoch, and nothing else; notes go to stderr. */
export function jsonReporter(): Reporter {
  return {
    note: (line) => warn(line),
    step() {},
    epoch: (record) => print(JSON.stringify(record)),
    clear() {},
  };
}

/** A reporter whose errors, where it cannot print, also say something else. */
export function adding(reporter: Reporter, hint: string): Reporter {
  const attempt = (output: () => void) => {
    try {
      output();
    } catch (error) {
      if (error instanceof OutputError) throw new OutputError(`${error.message}; ${hint}`, { cause: error });
      throw error;
    }
  };
  return {
    ...reporter,
    note: (line) => attempt(() => reporter.note(line)),
    epoch: (record) => attempt(() => reporter.epoch(record)),
  };
}
