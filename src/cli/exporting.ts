import { dataset } from "../api/batch.ts";
import type { Params } from "../api/state.ts";
import * as tf from "../backend/tf.ts";
import { evaluate } from "../evaluate.ts";
import { decodeModel, readFloats } from "../model_file.ts";
import { key } from "../random.ts";
import { mapNetwork } from "../vae/layout.ts";
import { writeAtomically } from "./checkpoint_file.ts";
import type { ExportFlags } from "./export_flags.ts";
import { imagesFor } from "./images.ts";
import { type InferenceFile, readForInference } from "./inference_file.ts";
import { UserError } from "./run.ts";
import { count } from "./table.ts";

/**
 * Writes a model without its training state, and says what that does to it.
 *
 * @returns The exit code, 0.
 */
export async function exporting({ model, out, float16, data }: ExportFlags): Promise<number> {
  await checkOther(model, out);
  const file = await readForInference(model, float16);
  // Before anything is written: a failure leaves no file that looks finished.
  const effect = await effectOf(file, model, float16, data);
  await writeAtomically(out, file.bytes);
  console.log(`${out}: ${file.summary}`);
  if (effect) console.log(effect);
  return 0;
}

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

/** Throws if both names stand for one file: the training state would be lost. */
export async function checkOther(model: string, out: string): Promise<void> {
  const [a, b] = await Promise.all([model, out].map((path) => Deno.realPath(path).catch(() => undefined)));
  if (a !== undefined && a === b) {
    throw new UserError(`Cannot write ${out}: it is the model itself, whose training state would be lost`);
  }
}

/** The ELBO of a model, and of what was exported. */
async function measured({ params, bytes, from }: InferenceFile, model: string, data: string): Promise<string> {
  const { test } = await imagesFor(`Cannot measure ${model}`, from, data), binarize = from.saved?.binarize ?? "none";
  using images = dataset(test);
  const elbo = (params: Params) => {
    const { reconstruction, kl } = evaluate(params, images, { key: key(0), binarize });
    return `${(-reconstruction - kl).toFixed(4)} nats`;
  };
  const [before, after] = [elbo(params), elbo(exported(bytes))];
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
