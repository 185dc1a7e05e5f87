import type { StepEvent } from "../train.ts";
import type { EpochRecord } from "./metrics_file.ts";
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
  const print = (line: string) => {
    bar.clear();
    console.log(line);
  };
  return {
    note: print,
    step: (event) => bar.update(event),
    epoch(record) {
      if (rows++ === 0) print(tableHead());
      print(tableRow(record));
    },
    clear: () => bar.clear(),
  };
}

/** For programs: on stdout one JSON object an epoch, and nothing else; notes go to stderr. */
export function jsonReporter(): Reporter {
  return {
    note: (line) => console.error(line),
    step() {},
    epoch: (record) => console.log(JSON.stringify(record)),
    clear() {},
  };
}
