// Fork and join. One call is cut into parts; the calling thread and the workers claim parts until none is left, so a
// worker that the system holds up delays nobody who does not need it. The control block, in 32-bit words:
//
//    0  ticket: generation << 8 | parts claimed so far     (workers sleep on it)
//   16  pending: parts not finished                        (the caller sleeps on it)
//   32  parts | 33 kernel | 34 workers asleep | 35 caller asleep | 36 stop | 37 workers up | 38 a worker died
//   64  arguments of the call
//
// A part is claimed by compare-and-swap on the ticket, generation included: whoever succeeds knows that the call is still
// running, so the words it read belong to it. A sleeper is always notified; the caller's time-out is for dead workers.

import { dispatch } from "./dispatch";

const TICKET: usize = 0, PENDING: usize = 64, PARTS: usize = 128, KERNEL: usize = 132;
const WORKERS_ASLEEP: usize = 136, CALLER_ASLEEP: usize = 140, STOP: usize = 144, UP: usize = 148, DIED: usize = 152;
const ARGUMENTS: usize = 256;
/** About 30 microseconds: longer than the caller's serial work between two calls, shorter than anyone would notice. */
const SPINS: i32 = 20000;

/** Claims and runs parts of the generation until none is left. */
function work(control: usize, generation: i32): void {
  while (true) {
    const ticket = atomic.load<i32>(control, TICKET);
    if (ticket >>> 8 != generation) return;
    const part = ticket & 255, parts = atomic.load<i32>(control, PARTS), kernel = atomic.load<i32>(control, KERNEL);
    if (part >= parts) return;
    if (atomic.cmpxchg<i32>(control, ticket, ticket + 1, TICKET) != ticket) continue;
    dispatch(kernel, part, parts, control + ARGUMENTS);
    if (atomic.sub<i32>(control, 1, PENDING) == 1 && atomic.load<i32>(control, CALLER_ASLEEP)) {
      atomic.notify(control + PENDING, 1);
    }
  }
}

/** Runs a kernel in `parts` parts (1 to 254). 0: done. 1: see `join`. The arguments stand in the control block. */
export function fork(control: usize, kernel: i32, parts: i32): i32 {
  const before = atomic.load<i32>(control, TICKET) >>> 8, generation = (before + 1) & 0xffffff;
  // Closed, so that nobody claims a part of the old call by the new call's number of parts.
  atomic.store<i32>(control, before << 8 | 255, TICKET);
  atomic.store<i32>(control, kernel, KERNEL);
  atomic.store<i32>(control, parts, PARTS);
  atomic.store<i32>(control, parts, PENDING);
  atomic.store<i32>(control, generation << 8, TICKET);
  if (atomic.load<i32>(control, WORKERS_ASLEEP)) atomic.notify(control + TICKET, parts - 1);
  work(control, generation);
  return join(control, 1000000000);
}

/** Waits for the parts that others have claimed: 0 when all are done, 1 if `nanoseconds` passed or a worker died. */
export function join(control: usize, nanoseconds: i64): i32 {
  for (let i = 0; i < SPINS; i++) if (!atomic.load<i32>(control, PENDING)) return 0;
  atomic.store<i32>(control, 1, CALLER_ASLEEP);
  let left = atomic.load<i32>(control, PENDING);
  while (left && !atomic.load<i32>(control, DIED)) {
    if (atomic.wait<i32>(control + PENDING, left, nanoseconds) == 2) break;
    left = atomic.load<i32>(control, PENDING);
  }
  atomic.store<i32>(control, 0, CALLER_ASLEEP);
  return left ? 1 : 0;
}

/** Ends the workers: those that sleep or spin at once, one that computes after its part. */
export function stop(control: usize): void {
  atomic.store<i32>(control, 1, STOP);
  atomic.add<i32>(control, 256, TICKET);
  atomic.notify(control + TICKET, -1);
}

/** Nanoseconds without a call after which a worker returns to its event loop: where its owner is gone it ends there. */
const IDLE: i64 = 1000000000;

/**
 * A worker's work. 0: the stop word is set. 1: there was no call for a second, and the worker is to look at its event loop,
 * the only place where a thread whose owner is gone is ended; meanwhile the caller does all parts itself.
 */
export function serve(control: usize, first: i32): i32 {
  if (first) atomic.add<i32>(control, 1, UP);
  let seen = -1;
  while (true) {
    let spins = 0, ticket = atomic.load<i32>(control, TICKET);
    while (ticket >>> 8 == seen) {
      if (atomic.load<i32>(control, STOP)) return 0;
      if (++spins > SPINS) {
        atomic.add<i32>(control, 1, WORKERS_ASLEEP);
        // The wait compares the ticket again, so a call made meanwhile is not slept through.
        const woken = atomic.wait<i32>(control + TICKET, ticket, IDLE);
        atomic.sub<i32>(control, 1, WORKERS_ASLEEP);
        if (woken == 2) return atomic.load<i32>(control, STOP) ? 0 : 1;
        spins = 0;
      }
      ticket = atomic.load<i32>(control, TICKET);
    }
    seen = ticket >>> 8;
    work(control, seen);
    if (atomic.load<i32>(control, STOP)) return 0;
  }
}
