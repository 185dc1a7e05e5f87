import { checkOptions, type Names, nearest } from "../../src/checks/options.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

const KNOWN = ["learningRate", "beta1", "beta2", "epsilon", "weightDecay", "clipNorm", "schedule", "averageDecay"];

Deno.test("the nearest option is found by initials, case, beginning and slips of the finger", () => {
  const wrong = ["lr", "LearningRate", "weight_decay", "wd", "eps", "betta1", "shedule", "clipNrom"];
  assertEquals(wrong.map((name) => nearest(name, KNOWN)), [
    "learningRate",
    "learningRate",
    "weightDecay",
    "weightDecay",
    "epsilon",
    "beta1",
    "schedule",
    "clipNorm",
  ]);
});

Deno.test("no option is near to a name that resembles none", () => {
  for (const name of ["momentum", "x", "", "—", "q".repeat(100_000)]) assertEquals(nearest(name, KNOWN), undefined);
});

const NAMES: Names<{ epochs: number; beta?: number }> = { epochs: true, beta: true };

Deno.test("known options are returned as they are, and missing ones as none", () => {
  const given = { epochs: 3, beta: undefined };
  assert(checkOptions("Cannot train", given, NAMES) === given);
  assertEquals(checkOptions("Cannot train", undefined, NAMES), {});
});

Deno.test("an unknown option is refused with the nearest known one, or with all of them", () => {
  const refused = (options: object, moved?: Record<string, string>) => () =>
    checkOptions("Cannot train", options, NAMES, "options", moved);
  assertThrows(refused({ bta: 4 }), TypeError, 'Cannot train: unknown option "bta", did you mean "beta"?');
  assertThrows(refused({ qqq: 4 }), TypeError, 'unknown option "qqq". Known options are epochs and beta');
  assertThrows(refused({ batch: 4 }, { batch: "batchSize" }), TypeError, 'unknown option "batch"; write batchSize');
  assertThrows(refused(Object.create({ bta: 4 })), TypeError, "bta");
  assertThrows(refused({ ["\x1b[31m" + "x".repeat(1e6)]: 1 }), TypeError, 'unknown option "\\u001b[31mxxx');
});

Deno.test("options that are no object are refused", () => {
  for (const options of [5, "epochs", null, [3], new Float32Array(2), true]) {
    const message = "Cannot train: expected options to be an object such as { epochs: … }, got ";
    assertThrows(() => checkOptions("Cannot train", options as unknown as object, NAMES), TypeError, message);
  }
});
