import { load, sha256 } from "../api/save.ts";
import { finalParams, type Params } from "../api/state.ts";
import { publicMetadata } from "../metadata.ts";
import { encodeModel } from "../model_file.ts";
import { mapNetwork } from "../vae/layout.ts";
import { type CheckpointFile, readCheckpoint } from "./checkpoint_file.ts";
import { UserError } from "./run.ts";
import { count } from "./table.ts";

/** A trained model as a file for inference. */
export type InferenceFile = {
  /** What training ended with: averaged parameters if the model keeps them. */
  readonly params: Params;
  /** The file, without training state. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What it was made of. */
  readonly from: CheckpointFile;
  /** What is in the file, and how large it and the checkpoint are. */
  readonly summary: string;
};

/**
 * Reads a checkpoint, and makes a file for inference of it.
 *
 * @param model The checkpoint's path.
 * @param float16 Whether kernels are stored in half precision.
 * @throws {UserError} If it cannot be read, or is none.
 */
export async function readForInference(model: string, float16: boolean): Promise<InferenceFile> {
  const file = await readCheckpoint(model), state = load(file.bytes), params = finalParams(state);
  const arrays = mapNetwork(params, (tensor) => tensor.dataSync<"float32">()), { metadata } = file;
  const which = state.average ? "average" : "params";
  const bytes = encodeModel(params.config, arrays, which, {
    float16,
    metadata: publicMetadata(metadata),
    digest: sha256,
  });
  const what = [which === "average" ? "averaged parameters" : "parameters", float16 ? "float16" : "float32"];
  const sizes = `${count(bytes.length)} bytes of ${count(file.bytes.length)}`;
  return { params, bytes, from: file, summary: `${what.join(", ")}, ${sizes}` };
}

/** Throws if both names stand for one file: the training state would be lost. */
export async function checkOther(model: string, out: string): Promise<void> {
  const [a, b] = await Promise.all([model, out].map((path) => Deno.realPath(path).catch(() => undefined)));
  if (a !== undefined && a === b) {
    throw new UserError(`Cannot write ${out}: it is the model itself, whose training state would be lost`);
  }
}
