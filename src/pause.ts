import { show } from "./checks/show.ts";

/**
 * Milliseconds after which long work lets others run: signals, timers, a server. A timer takes two milliseconds in Deno;
 * setImmediate takes none, but signals are not heard in it.
 */
const BREATH = 100;

/** Lets others run from time to time while something is computed, and hears of a wish to stop. */
export class Pause {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  /**
   * @param action What cannot be done otherwise, for the error message.
   * @param signal What asks to stop.
   * @throws {TypeError} If `signal` is no `AbortSignal`.
   */
  constructor(action: string, signal?: AbortSignal) {
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError(`${action}: expected signal to be an AbortSignal, got ${show(signal)}`);
    }
    this.#signal = signal;
  }

  /** Throws the signal's reason if it was asked to stop. */
  check(): void {
    this.#signal?.throwIfAborted();
  }

  /** Lets others run if that is due, and throws the signal's reason if it was asked to stop. */
  async take(): Promise<void> {
    if (performance.now() - this.#since > BREATH) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#since = performance.now();
    }
    this.check();
  }
}
