/** What the ELBO of a model is before and after it was written for inference. */
import { dataset } from "../api/batch.ts";
import type { Params } from "../api/state.ts";
import * as tf from "../backend/tf.ts";
import { evaluate } from "../evaluate.ts";
import { decodeModel, readFloats } from "../model_file.ts";
import { key } from "../random.ts";
import { mapNetwork } from "../vae/layout.ts";
import { imagesFor } from "./images.ts";
import type { InferenceFile } from "./inference_file.ts";
import { count } from "./table.ts";

/**
 * What exporting does to the ELBO: on the images that are named, or, if float16 does anything to it at all, on those that
 * the model was trained on. Where these are gone, the export is not refused.
 */
export async function effectOf(
  file: InferenceFile,
  model: string,
  float16: boolean,
  data?: string,
): Promise<string | undefined> {
  if (data !== undefined) return await measured(file, model, data);
  if (!float16) return undefined;
  const { saved } = file.from, name = "--data measures what float16 does to the ELBO";
  if (!saved) return `${name}: the file does not say what the model was trained on`;
  try {
    return await measured(file, model, saved.data);
  } catch (error) {
    return `${name}: ${(error as Error).message}`;
  }
}

/** The ELBO of a model, and of what was exported. */
async function measured({ params, bytes, from }: InferenceFile, model: string, data: string): Promise<string> {
  const { test } = await imagesFor(`Cannot measure ${model}`, from, data), binarize = from.saved?.binarize ?? "none";
  using images = dataset(test);
  const nats = async (params: Params) =>
    `${(await evaluate(params, images, { key: key(0), binarize })).elbo.toFixed(4)} nats`;
  const before = await nats(params), after = await nats(exported(bytes));
  return `ELBO of ${count(test.count)} test images: ${before}, exported ${after}`;
}

/** The model of an exported file. */
function exported(bytes: Uint8Array): Params {
  const { config, params } = decodeModel(bytes);
  const tensors = mapNetwork(params, (entry) => {
    const values = new Float32Array(entry.shape.reduce((n, size) => n * size, 1));
    readFloats(entry, values);
    return tf.tensor(values, [...entry.shape]);
  });
  return { config, ...tensors };
}
