import { type Schedule, valueAt } from "./schedule.ts";

/**
 * Returns what of the schedules does not fit a training, in sentences, for people: a warm-up or a cosine that is longer than
 * it, and a cosine that comes to 0 before its end, after which nothing is learned.
 *
 * @param optimizer The optimizer's schedule of the learning rate, if it has one.
 * @param beta The weight of the KL term, or its schedule.
 * @param steps Steps that the whole training has, from step 0.
 * @returns A sentence per schedule that does not fit; none if all of them end within the training.
 *
 * @example
 * ```ts
 * import { schedule, unreached } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const [warning] = unreached({ beta: schedule.linear({ steps: 500 }), steps: 300 });
 * assert.equal(
 *   warning,
 *   "the weight of the KL reaches 0.598 of 1: its warm-up takes 500 steps, but training ends after 300",
 * );
 * ```
 */
export function unreached(
  { schedule, beta, steps }: {
    readonly schedule?: number | Schedule | undefined;
    readonly beta?: number | Schedule | undefined;
    readonly steps: number;
  },
): string[] {
  const described = [["the learning rate's factor", schedule], ["the weight of the KL", beta]] as const;
  return described.flatMap(([what, of]) => {
    if (of === undefined || typeof of === "number") return [];
    const length = warmupOf(of), last = valueAt(of, Math.max(0, steps - 1)), reached = Number(last.toPrecision(3));
    const trained = `training ends after ${steps}`;
    if (of.kind === "cosine" && length <= steps && of.steps > steps) {
      return [`${what} falls to ${reached} instead of ${of.end}: its cosine takes ${of.steps} steps, but ${trained}`];
    }
    if (of.kind === "cosine" && of.steps < steps && of.end === 0) {
      return [`${what} is 0 from step ${of.steps} on, but ${trained}`];
    }
    if (length <= steps) return [];
    const whole = valueAt(of, length);
    return [
      `${what} reaches ${reached} of ${whole}: its warm-up takes ${length} steps, but ${trained}`,
    ];
  });
}

/** Steps until a schedule has risen for the first time. */
function warmupOf(schedule: Schedule): number {
  if (schedule.kind === "cosine") return schedule.warmup;
  if (schedule.kind === "linear") return schedule.steps;
  if (schedule.kind === "cyclical") return Math.ceil(schedule.ramp * schedule.period);
  return 0;
}
