/** How long something takes: one discipline for all measurements. */

/** Milliseconds a call, over samples. */
export type Time = { readonly median: number; readonly min: number; readonly max: number };

/** How {@linkcode time} measures. */
export type TimeOptions = {
  /** How many samples the median is taken of; default 15. */
  readonly samples?: number;
  /** Milliseconds that a sample lasts at least, by calling more than once; default 5. 0 times single calls. */
  readonly sample?: number;
  /** Milliseconds of calls before: Wasm tiers up between calls, and only after some of them; default 150. */
  readonly warmup?: number;
};

/** The median of `values`; of an even number of them, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Times a function. */
export function time(body: () => void, options: TimeOptions = {}): Time {
  return timeTogether([body], options)[0];
}

/** Times functions that are to be compared: their samples alternate, so that whatever slows the machine slows them all. */
export function timeTogether(bodies: readonly (() => void)[], options: TimeOptions = {}): Time[] {
  const { samples = 15, sample = 5, warmup = 150 } = options;
  const calls = bodies.map((body) => {
    let n = 0, start = performance.now(), once = 0;
    for (const end = start + warmup; n < 3 || performance.now() < end; n++) {
      start = performance.now();
      body();
      once = performance.now() - start;
    }
    return Math.max(1, Math.ceil(sample / once));
  });
  const times = bodies.map((): number[] => []);
  for (let i = 0; i < samples; i++) {
    bodies.forEach((body, j) => {
      const start = performance.now();
      for (let n = 0; n < calls[j]; n++) body();
      times[j].push((performance.now() - start) / calls[j]);
    });
  }
  return times.map((list) => ({ median: median(list), min: Math.min(...list), max: Math.max(...list) }));
}
