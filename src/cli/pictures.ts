/** The pictures of a run, and that of `deno task sample`. */
import { join } from "node:path";
import { generate, reconstruct } from "../api/generate.ts";
import type { Params } from "../api/state.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Binarize, evaluate } from "../evaluate.ts";
import { type Key, key } from "../random.ts";
import { imageGrid, pairGrid } from "../report/grid.ts";
import { firstImages, firstLabels, type Subject } from "../report/subject.ts";
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

/** Images drawn from a model, as a PNG file. */
export function samplesPicture(params: Params, size: Size, options: { n: number; key: Key }): Uint8Array<ArrayBuffer> {
  const { height, width } = size, { classes } = params.config, { n } = options;
  const labels = classes > 0 ? Array.from({ length: n }, (_, i) => i % classes) : undefined;
  const images = generate(params, { ...options, labels });
  try {
    return imageGrid(images.dataSync() as Float32Array, { count: options.n, height, width, scale: scaleOf(size) });
  } finally {
    images.dispose();
  }
}

/** The first images of a dataset, each above its reconstruction, as a PNG file. */
function reconstructionsPicture(params: Params, data: Dataset, binarize: Binarize): Uint8Array<ArrayBuffer> {
  const n = Math.min(PAIRS, data.count), { height, width } = data, originals = firstImages({ test: data, binarize }, n);
  const means = reconstruct(params, originals, { labels: firstLabels({ params, test: data }, n) });
  try {
    const [above, below] = [originals, means].map((x) => x.dataSync() as Float32Array);
    return pairGrid(above, below, { count: n, height, width, scale: scaleOf(data) });
  } finally {
    originals.dispose();
    means.dispose();
  }
}

/** What {@linkcode writePictures} draws. */
export type PicturesOptions = Omit<Subject, "metrics" | "records" | "seed"> & {
  readonly beta: number;
  /** What the test set is measured with, where the records do not tell. */
  readonly testKey: Key;
  readonly records: readonly EpochRecord[];
};

/**
 * Draws and writes the pictures of a run: samples (those of `deno task sample --seed 0`), reconstructions, and where there
 * is an epoch, loss curves; and the report, which shows more.
 *
 * @returns The names of the files.
 */
export async function writePictures(folder: string, options: PicturesOptions): Promise<string[]> {
  const { params, step, test, binarize, beta, records, name: title, testKey } = options;
  const pictures: [string, Uint8Array][] = [
    [FILES.samples, samplesPicture(params, test, { n: SAMPLES, key: key(0) })],
    [FILES.reconstructions, reconstructionsPicture(params, test, binarize)],
  ];
  if (records.length > 0) {
    const { lossCurve } = await import("../report/curve.ts"); // here, since its charting library is larger than all the rest
    pictures.push([FILES.curves, new TextEncoder().encode(lossCurve(records, { title }))]);
  }
  const last = records.at(-1);
  const metrics = last?.step === step ? last.test : evaluate(params, test, { key: testKey, beta, binarize });
  const { report } = await import("../report/report.ts");
  pictures.push([FILES.report, new TextEncoder().encode(report({ ...options, metrics, seed: 0 }))]);
  for (const [name, bytes] of pictures) await writeAtomically(join(folder, name), bytes);
  return pictures.map(([name]) => name);
}
