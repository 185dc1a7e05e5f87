import { Refusal } from "./refusal.ts";

/** Milliseconds of work at a time: more than twice as much has to be missing in the estimate before it takes 20. */
const SLICE = 8;

/** Milliseconds without work that make good for a whole slice: whatever else has arrived, such as `/health`, was let in. */
const GAP = 1;

/** Work of fewer milliseconds does not queue: to wait for a timer takes longer. */
const SMALL = 0.5;

/** Milliseconds after which one who waits and is not heard of is no longer waited for: its runtime has dropped it. */
const LOST = 1000;

/**
 * Units of work per millisecond before any was measured, a fifth of what a common server does: the estimate is all that
 * there is where clocks stand still while code runs, as in workerd.
 */
const SPEEDS = {
  /** Multiply-adds of the model. */
  madds: 2e6,
  /** Bytes of JSON to parse. */
  bytes: 5e4,
  /** Numbers to write as JSON. */
  numbers: 1e3,
  /** Pixels to draw. */
  pixels: 1e5,
  /** Bytes to compress. */
  compressed: 2e4,
};

/** Work that is only begun here, so that no clock sees it: the runtime compresses. */
const UNSEEN: Unit = "compressed";

/** What work is measured in. */
export type Unit = keyof typeof SPEEDS;

/** Who works. */
export type Worker = {
  /**
   * Aborted when nobody waits for the answer any more. It is looked at only by who has waited or has more to do: Deno warns
   * on the terminal once of a server that looks at the signal of a request which succeeds.
   */
  readonly signal: AbortSignal;
  /** Called now and then for as long as it waits. */
  alive(): void;
};

/** The time, and a way to wait; by default the runtime's. */
export type Clock = { now(): number; sleep(ms: number): Promise<void> };

const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

type Waiting = { seen: number };

/**
 * Shares one thread between requests: work is done in slices of some 8 ms, one after the other in the order in which they
 * were asked for, and between slices the event loop goes round, so that what has arrived in the meantime is answered.
 *
 * Each request waits by timers of its own and looks whether it is its turn. In workerd none may be woken by another: a
 * request that is dropped never runs again, and whoever waited for it would wait without end.
 */
export class Turns {
  /** Slices done so far. */
  slices = 0;
  readonly #clock: Clock;
  readonly #speeds = { ...SPEEDS };
  readonly #queue: Waiting[] = [];
  /** Milliseconds of work for which nothing else had been let in at `#last`. */
  #spent = 0;
  /** When the last slice began or ended. */
  #last = -Infinity;

  constructor(clock: Clock = CLOCK) {
    this.#clock = clock;
  }

  /**
   * Does work that cannot be divided when it is its turn.
   *
   * @param worker Who does it.
   * @param amount How much it is.
   * @param unit Of what.
   * @param body The work; it must not wait for anything.
   * @returns What the work gives.
   * @throws {Refusal} 499 if the client has gone.
   */
  async run<T>(worker: Worker, amount: number, unit: Unit, body: () => T): Promise<T> {
    const estimate = amount / this.#speeds[unit];
    if (estimate > SMALL) await this.#turn(worker, estimate);
    else this.#grant(estimate);
    const start = this.#clock.now();
    try {
      return body();
    } finally {
      const end = this.#clock.now(), took = unit === UNSEEN ? 0 : end - start;
      this.slices++;
      if (took > 0) this.#spent = Math.max(0, this.#spent + took - estimate);
      this.#last = end;
      this.#learn(amount, took, unit);
    }
  }

  /**
   * Does work on each of several items, as many of them at a time as a slice has room for, and at least one.
   *
   * @param worker Who does it.
   * @param count How many items there are.
   * @param each How much work an item is.
   * @param unit Of what.
   * @param body The work on the items from the one number up to the other.
   * @throws {Refusal} 499 if the client has gone.
   */
  async each(
    worker: Worker,
    count: number,
    each: number,
    unit: Unit,
    body: (from: number, to: number) => void,
  ): Promise<void> {
    for (let from = 0; from < count;) {
      if (from > 0) checkThere(worker);
      const room = Math.floor(SLICE * this.#speeds[unit] / each), to = Math.min(count, from + Math.max(1, room));
      await this.run(worker, (to - from) * each, unit, () => body(from, to));
      from = to;
    }
  }

  /** Waits until there is nobody before it, and the event loop has gone round if need be. */
  async #turn(worker: Worker, estimate: number): Promise<void> {
    const free = () => {
      const owed = this.#owed(this.#clock.now());
      return owed === 0 || owed + estimate <= SLICE;
    };
    if (this.#queue.length === 0 && free()) return this.#grant(estimate);
    const self: Waiting = { seen: this.#clock.now() };
    this.#queue.push(self);
    try {
      for (;;) {
        const before = this.#queue.indexOf(self);
        await this.#clock.sleep(Math.min(20, 2 * before));
        checkThere(worker);
        worker.alive();
        self.seen = this.#clock.now();
        while (this.#queue.length > 0 && this.#queue[0]!.seen < self.seen - LOST) this.#queue.shift();
        // One that was only late has been taken for lost.
        if (!this.#queue.includes(self)) this.#queue.push(self);
        if (this.#queue[0] === self && free()) return this.#grant(estimate);
      }
    } finally {
      const at = this.#queue.indexOf(self);
      if (at >= 0) this.#queue.splice(at, 1);
    }
  }

  /** Counts work that is about to be done, so that no other begins before it has been. */
  #grant(estimate: number): void {
    const now = this.#clock.now();
    this.#spent = this.#owed(now) + estimate;
    this.#last = now;
  }

  /** Milliseconds of work for which nothing else has been let in by now. */
  #owed(now: number): number {
    return Math.max(0, this.#spent - Math.max(0, now - this.#last) * SLICE / GAP);
  }

  /**
   * Takes what work took into account. Time is not proportional to work: a few rows take as long as one where the weights
   * come from memory, so a short slice says little, unless it was faster than thought, or longer than a slice may be. One
   * that was interrupted looks long; so the speed changes by no more than twice.
   */
  #learn(amount: number, took: number, unit: Unit): void {
    const known = this.#speeds[unit], measured = amount / took;
    // Clocks are coarse, or stand still.
    if (took === 0 || Math.max(took, amount / known) < SMALL) return;
    if (took > SLICE) this.#speeds[unit] = Math.min(known, Math.max(measured, known / 2));
    else if (measured > known) this.#speeds[unit] = Math.min(measured, 2 * known);
  }
}

function checkThere({ signal }: Worker): void {
  if (signal.aborted) throw new Refusal(499, "Cannot answer: the client has gone");
}
