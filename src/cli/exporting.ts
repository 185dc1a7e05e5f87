import { dataset } from "../api/batch.ts";
import type { Params } from "../api/state.ts";
import * as tf from "../backend/tf.ts";
import { load as loadImages } from "../data/folder.ts";
import { loadMnist } from "../data/mnist.ts";
import { type Binarize, evaluate } from "../evaluate.ts";
import { decodeModel, readFloats } from "../model_file.ts";
import { key } from "../random.ts";
import { mapNetwork } from "../vae/layout.ts";
import { writeAtomically } from "./checkpoint_file.ts";
import type { ExportFlags } from "./export_flags.ts";
import { readForInference } from "./inference_file.ts";
import { UserError } from "./run.ts";
import { count } from "./table.ts";

/**
 * Writes a model without its training state, and says what that does to it.
 *
 * @returns The exit code, 0.
 */
export async function exporting({ model, out, float16, data }: ExportFlags): Promise<number> {
  await checkOther(model, out);
  const { params, bytes, binarize, summary } = await readForInference(model, float16);
  // Before anything is written: a failure leaves no file that looks finished.
  const lines = data === undefined ? [] : await measured(params, bytes, data, binarize);
  await writeAtomically(out, bytes);
  for (const line of [`${out}: ${summary}`, ...lines]) console.log(line);
  return 0;
}

/** Throws if both names stand for one file: the training state would be lost. */
export async function checkOther(model: string, out: string): Promise<void> {
  const [a, b] = await Promise.all([model, out].map((path) => Deno.realPath(path).catch(() => undefined)));
  if (a !== undefined && a === b) {
    throw new UserError(`Cannot write ${out}: it is the model itself, whose training state would be lost`);
  }
}

/** The ELBO of a model, and of what was exported. */
async function measured(
  params: Params,
  bytes: Uint8Array,
  data: string,
  binarize: Binarize = "none",
): Promise<string[]> {
  const { test } = data === "mnist" ? await loadMnist() : await loadImages(data), { input } = params.config;
  if (test.height * test.width !== input) {
    throw new UserError(
      `Cannot measure the model with ${data}: expected images of ${input} pixels, got ${test.height} x ${test.width}`,
    );
  }
  using images = dataset(test);
  const elbo = (params: Params) => {
    const { reconstruction, kl } = evaluate(params, images, { key: key(0), binarize });
    return `${(-reconstruction - kl).toFixed(4)} nats`;
  };
  const [before, after] = [elbo(params), elbo(exported(bytes))];
  return [`ELBO of ${count(test.count)} test images: ${before}, exported ${after}`];
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
