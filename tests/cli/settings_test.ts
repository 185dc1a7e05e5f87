import { betaSchedule, fromMetadata, rateSchedule, type Settings, toMetadata } from "../../src/cli/settings.ts";
import { assertEquals } from "../assert.ts";

const SETTINGS: Settings = {
  data: "mnist",
  holdOut: "random",
  epochs: 4,
  batchSize: 16,
  beta: 0.5,
  binarize: "none",
  seed: 0,
};
const SAVED = { ...SETTINGS, examples: 100, height: 6, width: 5 };

Deno.test("sums of an older file, without the loss, have the one that its beta gives", () => {
  const sums = { examples: 32, reconstruction: 10, kl: 4 };
  assertEquals(fromMetadata(toMetadata({ ...SAVED, sums } as never))!.sums, { ...sums, loss: 12 });
  const whole = { ...SAVED, sums: { ...sums, loss: 11 } };
  assertEquals(fromMetadata(toMetadata(whole)), whole);
  assertEquals(fromMetadata(toMetadata(SAVED)), SAVED);
});

Deno.test("files of elbo 0.1 say batch, and held out the end of data without test images", () => {
  const { batchSize: batch, holdOut: _, ...rest } = SAVED;
  assertEquals(fromMetadata({ training: JSON.stringify({ ...rest, batch }) }), { ...SAVED, holdOut: "end" });
});

Deno.test("warm-ups are so many epochs, to the nearest step; none is no schedule", () => {
  assertEquals([rateSchedule(SETTINGS, 10), betaSchedule(SETTINGS, 10)], [undefined, 0.5]);
  const warm = { ...SETTINGS, warmup: 0.25, klWarmup: 2 };
  assertEquals(rateSchedule(warm, 10), { kind: "cosine", steps: 3, warmup: 3, end: 1 });
  assertEquals(rateSchedule({ ...warm, schedule: "cosine" }, 10), { kind: "cosine", steps: 40, warmup: 3, end: 0 });
  assertEquals(betaSchedule(warm, 10), { kind: "linear", from: 0, to: 0.5, steps: 20 });
  assertEquals(rateSchedule({ ...SETTINGS, epochs: 0, schedule: "cosine" }, 10)?.kind, "cosine");
});
