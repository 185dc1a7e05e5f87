import { warn } from "./output.ts";
import { exit, onSignal } from "./signals.ts";

/**
 * Milliseconds, twice, after which a further signal is the user's: one Ctrl-C reaches the process up to three times, from
 * the terminal and from each `deno task` and `npx` above it.
 */
const ECHO = 150;

/**
 * Notes that the user asked to stop, so that work can end where nothing is lost; asked a second time, the process exits at
 * once. Listens until it is disposed of.
 */
export class Interrupt {
  #code: number | undefined;
  #armed = false;
  readonly #controller = new AbortController();
  readonly #listening: Disposable;

  /** @param onFirst Called at the first signal, to say that ending may take a moment. */
  constructor(onFirst: () => void) {
    this.#listening = onSignal((code) => {
      if (this.#code === undefined) {
        this.#code = code;
        // Two timers, one after the other: had the loop been busy for long, an echo would be told before the second.
        setTimeout(() => setTimeout(() => this.#armed = true, ECHO), ECHO);
        this.#controller.abort();
        onFirst();
      } else if (this.#armed) {
        exit(code);
      }
    });
  }

  /** The exit code that was asked for, if one was. */
  get code(): number | undefined {
    return this.#code;
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

/** What to print at the first signal of a training. */
export function announceStop(): void {
  warn("stopping after saving; press Ctrl-C again to quit immediately");
}
