/** Work in slices: how much at a time, who is next, and what is let in between. */
import { Turns, type Worker } from "../../src/edge/handler/turns.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

/** Lets all go on that need not wait for a timer. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** A time that goes on only by what is done, and by sleeping. */
class Time {
  ms = 0;
  readonly #sleeping: { readonly until: number; readonly wake: () => void }[] = [];
  now = () => this.ms;
  sleep = (ms: number) =>
    new Promise<void>((resolve) => this.#sleeping.push({ until: this.ms + Math.max(1, ms), wake: resolve }));

  /** Lets all go on that can, and then sleepers one after the other, until nobody sleeps. */
  async run(): Promise<void> {
    for (;;) {
      await settled();
      if (this.#sleeping.length === 0) return;
      this.#sleeping.sort((a, b) => a.until - b.until);
      const next = this.#sleeping.shift()!;
      this.ms = Math.max(this.ms, next.until);
      next.wake();
    }
  }
}

function worker(signal = new AbortController().signal): Worker & { alives: number } {
  return {
    signal,
    alives: 0,
    alive() {
      this.alives++;
    },
  };
}

/** Work that takes so many milliseconds per item, and notes when it was done. */
function work(time: Time, turns: Turns, count: number, ms: number, by = worker(), each = 2e6) {
  const done: [from: number, to: number, at: number][] = [];
  const end = turns.each(by, count, each, "madds", (from, to) => {
    time.ms += (to - from) * ms;
    done.push([from, to, time.ms]);
  });
  return { done, end };
}

Deno.test("work is done in slices of eight milliseconds, each item once and in order", async () => {
  const time = new Time(), turns = new Turns(time), { done, end } = work(time, turns, 100, 1);
  await time.run();
  await end;
  assertEquals(done.map(([from]) => from), [0, ...done.slice(0, -1).map(([, to]) => to)]);
  assertEquals(done.at(-1)![1], 100);
  for (const [from, to] of done) assert(to - from <= 8, `${to - from} ms`);
  assertEquals(turns.slices, done.length);
});

Deno.test("slices become as long as they may be where work is faster than estimated, and short where it is slower", async () => {
  for (const [ms, most] of [[0.01, 800], [0.1, 80], [3, 2]]) {
    const time = new Time(), turns = new Turns(time), { done, end } = work(time, turns, 5000, ms);
    await time.run();
    await end;
    const sizes = done.map(([from, to]) => to - from), last = Math.max(...sizes.slice(-3, -1));
    assert(last <= most * 1.01 && last >= most / 2, `${last} items of ${ms} ms: ${sizes.slice(0, 30)}`);
    // None takes longer than 20 ms, unless the estimate was off by more than twice, and then only until that is known.
    const long = done.slice(8).filter(([from, to]) => (to - from) * ms > 20);
    assertEquals(long, []);
  }
});

Deno.test("an item that takes longer than a slice is done alone, and clocks that stand still do no harm", async () => {
  const time = new Time(), turns = new Turns(time), { done, end } = work(time, turns, 5, 300, worker(), 6e8);
  await time.run();
  await end;
  assertEquals(done.map(([from, to]) => [from, to]), [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]);
  // As in workerd: by the estimate, of 2 million per millisecond.
  const still = new Time(), frozen = new Turns(still), { done: slices, end: frozenEnd } = work(still, frozen, 100, 0);
  await still.run();
  await frozenEnd;
  assertEquals(slices.map(([from, to]) => to - from), [...new Array(12).fill(8), 4]);
  assertEquals(new Set(slices.map(([, , at]) => at)).size, 13);
});

Deno.test("between slices the event loop goes round, and those who wait take turns", async () => {
  const time = new Time(), turns = new Turns(time), order: string[] = [], by = [worker(), worker(), worker()];
  const ends = by.map((worker, i) =>
    turns.each(worker, 40, 2e6, "madds", (from, to) => {
      assert(to - from <= 8);
      time.ms += to - from;
      order.push("abc"[i]);
    })
  );
  await time.run();
  await Promise.all(ends);
  // Each again only after the others.
  const text = order.join("");
  for (const name of "abc") assert(text.split(name).slice(1, -1).every((between) => between.length <= 2), text);
  assert(text.length >= 12 && !/(.)\1/.test(text.slice(0, 9)), text);
  // While they wait they say that they are there.
  assert(by.every(({ alives }) => alives > 0));
  // At no moment two slices without a pause.
  const times = new Time(), two = new Turns(times), spans: [number, number][] = [];
  const both = [0, 1].map(() =>
    two.each(worker(), 30, 2e6, "madds", (from, to) => {
      spans.push([times.ms, times.ms += to - from]);
    })
  );
  await times.run();
  await Promise.all(both);
  for (const [i, [start]] of spans.slice(1).entries()) assert(start - spans[i][1] >= 1, JSON.stringify(spans));
});

Deno.test("small work does not wait for large work", async () => {
  const time = new Time(), turns = new Turns(time), { done, end } = work(time, turns, 1000, 1);
  await turns.run(worker(), 1000, "madds", () => {});
  assert(done.length <= 1);
  await time.run();
  await end;
});

Deno.test("a client that has gone gets no more slices, and nobody waits for it", async () => {
  const time = new Time(), turns = new Turns(time), gone = new AbortController();
  const first = work(time, turns, 1000, 1, worker(gone.signal)), second = work(time, turns, 30, 1);
  const rejected = assertRejects(() => first.end, Error, "Cannot answer: the client has gone");
  await Promise.resolve();
  gone.abort();
  await time.run();
  await Promise.all([rejected, second.end]);
  assert(first.done.length <= 1 && second.done.at(-1)![1] === 30, `${first.done.length}`);
});

Deno.test("one whose timers never come again, as of a request that its runtime dropped, is passed over", async () => {
  const time = new Time(),
    lost = new Time(),
    turns = new Turns({
      now: time.now,
      sleep: (ms) => dropped ? lost.sleep(ms) : time.sleep(ms),
    });
  let dropped = false;
  const busy = work(time, turns, 100, 1);
  await settled();
  dropped = true;
  const never = work(time, turns, 100, 1);
  await settled();
  dropped = false;
  const other = work(time, turns, 100, 1);
  await time.run();
  await Promise.all([busy.end, other.end]);
  assertEquals([never.done.length, other.done.at(-1)![1]], [0, 100]);
});

Deno.test("what work throws is thrown to whoever asked, and the next one goes on", async () => {
  const time = new Time(), turns = new Turns(time);
  await assertRejects(
    () =>
      turns.run(worker(), 1, "madds", () => {
        throw new RangeError("no");
      }),
    RangeError,
    "no",
  );
  const { done, end } = work(time, turns, 30, 1);
  await time.run();
  await end;
  assertEquals(done.at(-1)![1], 30);
});
