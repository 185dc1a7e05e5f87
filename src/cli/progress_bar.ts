// cli-progress, although older than some: those that are younger take the terminal over, Ctrl-C included.
// @ts-types="./cli_progress.d.ts"
import cliProgress, { type SingleBar } from "npm:cli-progress@3.12.0";
import type { StepEvent } from "../train.ts";
import { warnText } from "./output.ts";
import { count } from "./table.ts";

/** Standard error as cli-progress wants a stream, by way of what never throws. */
const STREAM = {
  get isTTY() {
    return Deno.stderr.isTerminal();
  },
  get columns() {
    try {
      return Deno.consoleSize().columns;
    } catch {
      return undefined; // it then takes 80
    }
  },
  write(text: string) {
    warnText(text);
    return true;
  },
};

/** A bar on stderr, which is cleared at the end; nothing where stderr is no terminal. */
export function newBar(format: string): SingleBar {
  return new cliProgress.SingleBar({
    format,
    barsize: 20,
    stream: STREAM,
    clearOnComplete: true,
    // Neither hides the cursor nor turns wrapping off: a process that is killed could not put them back.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  }, cliProgress.Presets.shades_classic);
}

/** A bar on stderr over all epochs; nothing where stderr is no terminal. */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #epochs: number;
  #started = 0;
  #first = 0;
  #epoch = { number: 0, since: 0, examples: 0 };

  constructor({ epochs }: { readonly epochs: number }) {
    this.#epochs = epochs;
    this.#bar = newBar("epoch {epoch}/{epochs} {bar} {percentage}% | {rate} examples/s | {left} left | loss {loss}");
  }

  /** Draws where training is. */
  update({ epoch, examples, examplesPerEpoch, sums }: StepEvent): void {
    const done = (epoch - 1) * examplesPerEpoch + examples, total = this.#epochs * examplesPerEpoch;
    const now = performance.now();
    if (this.#started === 0) [this.#started, this.#first] = [now, done];
    if (this.#epoch.number !== epoch) this.#epoch = { number: epoch, since: now, examples };
    // The time left counts everything, evaluation included; the rate is that of training.
    const secondsEach = (now - this.#started) / 1000 / (done - this.#first);
    const rate = (examples - this.#epoch.examples) / (now - this.#epoch.since) * 1000;
    const payload = {
      epoch,
      epochs: this.#epochs,
      rate: Number.isFinite(rate) ? count(rate) : "-",
      left: Number.isFinite(secondsEach) ? clock(secondsEach * (total - done)) : "-:--",
      loss: (sums.loss / sums.examples).toFixed(2),
    };
    if (this.#bar.isActive) this.#bar.update(done, payload);
    else this.#bar.start(total, done, payload);
  }

  /** Takes the bar away, so that something can be printed; the next update brings it back. */
  clear(): void {
    if (this.#bar.isActive) this.#bar.stop();
  }
}

/** Seconds as h:mm:ss, or m:ss below an hour. */
export function clock(seconds: number): string {
  const s = Math.round(seconds), two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60) % 60, hours = Math.floor(s / 3600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
