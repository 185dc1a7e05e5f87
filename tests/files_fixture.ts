/** A small model's file, and the same with other contents. */
import { init, key, save } from "../mod.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "../src/safetensors.ts";

/** A state of a model of 6-5-2, as `save` writes it. */
export const FILE = save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) }));

/** The file with other contents, and without the hash that would refuse them first. */
export function changed(change: (parts: Safetensors) => void): Uint8Array<ArrayBuffer> {
  const parts = decodeSafetensors(FILE.slice());
  delete parts.metadata.sha256;
  change(parts);
  return encodeSafetensors(parts.tensors, parts.metadata);
}
