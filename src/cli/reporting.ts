import { dirname, join } from "node:path";
import { dataset } from "../api/batch.ts";
import { load } from "../api/save.ts";
import { finalParams } from "../api/state.ts";
import { report } from "../report/report.ts";
import { evaluateTest } from "../course.ts";
import { readCheckpoint, writeAtomically } from "./checkpoint_file.ts";
import { imagesFor } from "./images.ts";
import { print } from "./output.ts";
import { courseOf, stepsPerEpoch } from "./settings.ts";
import { readRecords } from "./metrics_file.ts";
import type { ReportFlags } from "./report_flags.ts";
import { reportSettings } from "./report_settings.ts";
import { FILES } from "./run_folder.ts";

/**
 * Writes the report on a model.
 *
 * @returns The exit code, 0.
 */
export async function reporting({ model, data, out, seed }: ReportFlags): Promise<number> {
  const file = await readCheckpoint(model), { checkpoint, saved } = file, { step } = checkpoint;
  const split = await imagesFor(`Cannot report on ${model}`, file, data), { name } = split;
  const records = (await readRecords(join(dirname(model), FILES.metrics))).filter((record) => record.step <= step);
  using test = dataset(split.test);
  const state = load(file.bytes), params = finalParams(state), { binarize = "none", labels } = saved ?? {};
  const metrics = await evaluateTest(
    state,
    test,
    saved ? courseOf(saved, stepsPerEpoch(checkpoint.config, saved)) : {},
  );
  const settings = reportSettings({ ...checkpoint, saved, name, test });
  const page = await report({ params, step, test, name, binarize, labels, metrics, records, seed, settings });
  await writeAtomically(out, new TextEncoder().encode(page));
  print(`${out}: test loss ${metrics.loss.toFixed(2)} nats per image`);
  return 0;
}
