import { schedule } from "../mod.ts";
import { show } from "../src/checks/show.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "./assert.ts";

const { cosine, cyclical, linear, resolveSchedule, stepwise, valueAt } = schedule;

/** The values at some steps. */
function values(of: number | schedule.Schedule, ...steps: number[]): number[] {
  return steps.map((step) => valueAt(of, step));
}

Deno.test("cosine rises to 1 at the end of its warm-up, falls by half a cosine, and stays at its end", () => {
  const plain = cosine({ steps: 8 });
  assertEquals(values(plain, 0, 8, 9, 1e9), [1, 0, 0, 0]);
  for (let step = 0; step <= 8; step++) {
    assertAlmostEquals(valueAt(plain, step), (1 + Math.cos(step * Math.PI / 8)) / 2, 1e-15);
  }
  const warm = cosine({ steps: 10, warmup: 4, end: 0.25 });
  assertEquals(values(warm, 0, 1, 3, 4, 10, 11), [1 / 5, 2 / 5, 4 / 5, 1, 0.25, 0.25]);
  assertAlmostEquals(valueAt(warm, 7), 0.625, 1e-15);
  const falling = Array.from({ length: 7 }, (_, i) => valueAt(warm, 4 + i));
  assert(falling.every((value, i) => i === 0 || value < falling[i - 1]));
  // All warm-up: with an end of 1 it is a warm-up and nothing else.
  assertEquals(values(cosine({ steps: 3, warmup: 3, end: 1 }), 0, 1, 2, 3, 4), [1 / 4, 2 / 4, 3 / 4, 1, 1]);
});

Deno.test("stepwise changes at its boundaries, by one factor or to values of their own", () => {
  const byFactor = stepwise({ boundaries: [3, 5], factor: 0.5 });
  assertEquals(values(byFactor, 0, 2, 3, 4, 5, 1e9), [1, 1, 0.5, 0.5, 0.25, 0.25]);
  assertEquals(values(stepwise({ boundaries: [1], factors: [0, 7] }), 0, 1, 2), [0, 7, 7]);
});

Deno.test("linear goes from one value to another, up or down, and stays there", () => {
  assertEquals(values(linear({ steps: 4 }), 0, 1, 2, 3, 4, 5), [0, 0.25, 0.5, 0.75, 1, 1]);
  assertEquals(values(linear({ from: 1, to: 0.5, steps: 2 }), 0, 1, 2, 3), [1, 0.75, 0.5, 0.5]);
  assertEquals(values(linear({ steps: 1 }), 0, 1), [0, 1]);
});

Deno.test("cyclical rises in the first part of each period and stays in the rest", () => {
  const half = cyclical({ period: 8 });
  assertEquals(values(half, 0, 1, 3, 4, 7, 8, 9, 15, 16), [0, 0.25, 0.75, 1, 1, 0, 0.25, 1, 0]);
  assertEquals(values(cyclical({ period: 4, ramp: 1, from: 1, to: 3 }), 0, 2, 3, 4), [1, 2, 2.5, 1]);
  assertEquals(values(cyclical({ period: 1 }), 0, 1), [0, 0]);
});

Deno.test("a number is its own schedule", () => {
  assertEquals(values(0.7, 0, 1e9), [0.7, 0.7]);
  assertEquals(resolveSchedule("Cannot test", 0.7), 0.7);
});

const ALL = [
  cosine({ steps: 10, warmup: 3, end: 0.1 }),
  stepwise({ boundaries: [3, 5, 8], factor: 0.3 }),
  linear({ from: 0.2, steps: 7 }),
  cyclical({ period: 7, ramp: 0.3 }),
];

Deno.test("schedules are frozen, and the same after JSON, and take no other settings", () => {
  for (const made of ALL) {
    assert(Object.isFrozen(made));
    if (made.kind === "stepwise") assert(Object.isFrozen(made.boundaries) && Object.isFrozen(made.factors));
    const read = resolveSchedule("Cannot test", JSON.parse(JSON.stringify(made)));
    assertEquals(read, made);
    assert(Object.isFrozen(read));
    const message = `Cannot test: unknown option of a ${made.kind} schedule "extra"`;
    assertThrows(() => resolveSchedule("Cannot test", Object.assign({ extra: 1 }, made)), TypeError, message);
  }
});

Deno.test("schedules refuse what is out of range, and name the field", () => {
  const amount = "a finite number of at least 0", count = "a positive integer", ends = "ends before it starts";
  const cases: [() => unknown, string][] = [
    ...[0, -1, 1.5, NaN, Infinity, "9" as never].flatMap((bad): [() => unknown, string][] => [
      [() => cosine({ steps: bad }), `steps of a cosine schedule to be ${count}, got ${show(bad)}`],
      [() => linear({ steps: bad }), `steps of a linear schedule to be ${count}, got ${show(bad)}`],
      [() => cyclical({ period: bad }), `period of a cyclical schedule to be ${count}, got ${show(bad)}`],
    ]),
    ...[-1, NaN, Infinity, 1e39, "1" as never].flatMap((bad): [() => unknown, string][] => [
      [() => cosine({ steps: 1, end: bad }), `end of a cosine schedule to be ${amount}, got ${show(bad)}`],
      [() => linear({ steps: 1, from: bad }), `from of a linear schedule to be ${amount}, got ${show(bad)}`],
      [() => linear({ steps: 1, to: bad }), `to of a linear schedule to be ${amount}, got ${show(bad)}`],
      [() => cyclical({ period: 1, from: bad }), `from of a cyclical schedule to be ${amount}, got ${show(bad)}`],
      [() => cyclical({ period: 1, to: bad }), `to of a cyclical schedule to be ${amount}, got ${show(bad)}`],
      [
        () => stepwise({ boundaries: [1], factor: bad }),
        `factor of a stepwise schedule to be ${amount}, got ${show(bad)}`,
      ],
      [
        () => stepwise({ boundaries: [1], factors: [1, bad] }),
        "factors of a stepwise schedule to be 2 finite numbers of at least 0, one more than boundaries, " +
        `got ${show([1, bad])}`,
      ],
    ]),
    [() => cosine(undefined as never), `steps of a cosine schedule to be ${count}, got none`],
    [() => cosine({ steps: 9, warmup: -1 }), "warmup of a cosine schedule to be an integer of at least 0, got -1"],
    [
      () => cosine({ steps: 9, warmup: 10 }),
      `warmup of a cosine schedule to be at most its 9 steps, got 10: a schedule that ${ends}`,
    ],
    ...[[5, 5], [5, 3], [0], [1.5], [], [NaN]].map((bad): [() => unknown, string] => [
      () => stepwise({ boundaries: bad, factor: 1 }),
      `boundaries of a stepwise schedule to be ascending positive integers, got [${bad.join(", ")}]`,
    ]),
    [
      () => stepwise({ boundaries: 3 as never, factor: 1 }),
      "boundaries of a stepwise schedule to be ascending positive integers, got 3",
    ],
    [
      () => stepwise({ boundaries: [1, 2], factors: [1, 2] }),
      "factors of a stepwise schedule to be 3 finite numbers of at least 0, one more than boundaries, got [1, 2]",
    ],
    [
      () => stepwise({ boundaries: [1] } as never),
      "2 finite numbers of at least 0, one more than boundaries, got none",
    ],
    [
      () => stepwise({ boundaries: [1], factor: 1, factors: [1, 1] }),
      "factors of a stepwise schedule to be missing where there is a factor, got both",
    ],
    [
      () => stepwise({ boundaries: [1, 2], factor: 1e30 }),
      "factor of a stepwise schedule to be such that all its powers are finite, got 1e+30",
    ],
    ...[0, -1, 1.1, NaN].map((bad): [() => unknown, string] => [
      () => cyclical({ period: 1, ramp: bad }),
      `ramp of a cyclical schedule to be above 0 and at most 1, got ${show(bad)}`,
    ]),
  ];
  for (const [call, message] of cases) {
    const error = assertThrows(call, RangeError, message);
    assert(error.message.startsWith("Cannot make a schedule: expected "), error.message);
  }
});

Deno.test("resolveSchedule and valueAt refuse what is no schedule", () => {
  const resolve = (bad: unknown) => () => resolveSchedule("Cannot test", bad as never);
  const kinds = "expected a schedule's kind to be one of cosine, stepwise, linear, cyclical, got";
  assertThrows(resolve({ kind: "cosin", steps: 3 }), RangeError, `Cannot test: ${kinds} "cosin"`);
  assertThrows(resolve({ kind: "toString" }), RangeError, `Cannot test: ${kinds} "toString"`);
  assertThrows(resolve([]), RangeError, `Cannot test: ${kinds} none`);
  assertThrows(resolve({ kind: "linear", steps: -3 }), RangeError, "Cannot test: expected steps of a linear schedule");
  assertThrows(resolve(NaN), RangeError, "Cannot test: expected a schedule that is a number to be a finite number");
  assertThrows(resolve(-1), RangeError, "got -1");
  for (const [bad, shown] of [["cosine", '"cosine"'], [null, "null"], [undefined, "none"], [true, "true"]]) {
    assertThrows(resolve(bad), TypeError, `Cannot test: expected a schedule or a number, got ${shown}`);
  }
  for (const step of [-1, 0.5, NaN, Infinity]) {
    const message = `Cannot value a schedule: expected step to be an integer of at least 0, got ${step}`;
    assertThrows(() => valueAt(ALL[0], step), RangeError, message);
  }
  assertThrows(() => valueAt({ kind: "none" } as never, 0), RangeError, `Cannot value a schedule: ${kinds} "none"`);
});
