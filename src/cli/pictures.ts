/** The pictures of a run, and that of `deno task sample`. */
import { join } from "node:path";
import { generate, reconstruct } from "../api/generate.ts";
import type { Params } from "../api/state.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Binarize, Evaluation } from "../evaluate.ts";
import { Pause } from "../pause.ts";
import { type Key, key } from "../random.ts";
import { imageGrid, pairGrid } from "../report/grid.ts";
import { firstImages, firstLabels, labelsInTurn, type Subject } from "../report/subject.ts";
import { writeAtomically } from "./checkpoint_file.ts";
import type { EpochRecord } from "./metrics_file.ts";
import { FILES } from "./run_folder.ts";

/** Rows and pixels a row of an image. */
export type Size = { readonly height: number; readonly width: number };

const SAMPLES = 64;
const PAIRS = 40;

/** Pixels of the picture for one of the image: an image becomes about 56 wide, and never smaller than it is. */
function scaleOf({ height, width }: Size): number {
  return Math.max(1, Math.round(56 / Math.max(height, width)));
}

/**
 * Images drawn from a model, as a PNG file.
 *
 * @param options.labels The labels to draw in turn; of a conditional model all of them by default.
 */
export function samplesPicture(
  params: Params,
  size: Size,
  { n, key, labels: known }: { readonly n: number; readonly key: Key; readonly labels?: readonly number[] | undefined },
): Uint8Array<ArrayBuffer> {
  const { height, width } = size,
    labels = labelsInTurn(params.config, n, known),
    images = generate(params, { n, key, labels });
  try {
    return imageGrid(images.dataSync() as Float32Array, { count: n, height, width, scale: scaleOf(size) });
  } finally {
    images.dispose();
  }
}

/** The first images of a dataset, each above its reconstruction, as a PNG file. */
function reconstructionsPicture(params: Params, data: Dataset, binarize: Binarize): Uint8Array<ArrayBuffer> {
  const n = Math.min(PAIRS, data.count), { height, width } = data, originals = firstImages({ test: data, binarize }, n);
  const means = reconstruct(params, originals, { labels: firstLabels({ params, test: data }, n) });
  try {
    const above = originals.dataSync() as Float32Array, below = means.dataSync() as Float32Array;
    return pairGrid(above, below, { count: n, height, width, scale: scaleOf(data) });
  } finally {
    originals.dispose();
    means.dispose();
  }
}

/** What {@linkcode writePictures} draws. */
export type PicturesOptions = Omit<Subject, "metrics" | "records" | "seed"> & {
  /** Measures the test set as `train` does, where the records do not have the last step. */
  readonly measure: () => Promise<Evaluation>;
  readonly records: readonly EpochRecord[];
  /** What asks to stop; pictures that are drawn by then stay. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Draws and writes the pictures of a run: samples (those of `deno task sample --seed 0`), reconstructions, and where there
 * is an epoch, loss curves; and the report, which shows more.
 *
 * @returns The names of the files that were written; all of them unless the signal asked to stop.
 */
export async function writePictures(folder: string, options: PicturesOptions): Promise<string[]> {
  const { params, step, test, binarize, records, labels, name: title, measure, signal } = options, names: string[] = [];
  const pause = new Pause("Cannot draw", signal);
  const write = async (name: string, content: Uint8Array | string) => {
    await writeAtomically(
      join(folder, name),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    names.push(name);
    await pause.take();
  };
  try {
    await write(FILES.samples, samplesPicture(params, test, { n: SAMPLES, key: key(0), labels }));
    await write(FILES.reconstructions, reconstructionsPicture(params, test, binarize));
    if (records.length > 0) {
      const { lossCurve } = await import("../report/curve.ts"); // here, since its charting library is larger than all the rest
      await write(FILES.curves, lossCurve(records, { title }));
    }
    const last = records.at(-1), metrics = last?.step === step ? last.test : await measure();
    const { report } = await import("../report/report.ts");
    await write(FILES.report, await report({ ...options, metrics, seed: 0 }));
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
  }
  return names;
}
