/**
 * What elbo computes, for examples/pytorch.py to compare with:
 *
 *     deno run --allow-read --allow-write examples/pytorch_case.ts MODEL.safetensors CASE.safetensors [CONFIG]
 *     python3 examples/pytorch.py check MODEL.safetensors CASE.safetensors
 *
 * With CONFIG, the JSON of an architecture such as `{"input":784,"latent":20}`, MODEL is made, and trained for three
 * steps; without it, it is read.
 *
 * @module
 */
import { decode, encode, foldIn, init, key, load, random, save, type State, step, tf } from "../mod.ts";
import type { ConfigOptions, InitOptions } from "../mod.ts";
import { encodeSafetensors, type TensorEntry } from "../src/safetensors.ts";

/** A model after three steps on noise, so that biases, running statistics and moments are not what they were at first. */
export function trained(config: ConfigOptions, optimizer: InitOptions["optimizer"] = {}): State {
  let state: State = init(config, { key: key(0), optimizer });
  for (let i = 0; i < 3; i++) {
    const { x, labels } = examples(state, 16, i);
    [state] = step(state, x, { key: foldIn(key(1), i), labels, donate: true });
    x.dispose();
  }
  return state;
}

/** Examples within every likelihood's support, and labels if the model is conditional. */
function examples({ params: { config } }: State, n: number, seed: number) {
  const x = random.uniform(foldIn(key(2), seed), [n, config.input]);
  return { x, labels: config.classes > 0 ? Array.from({ length: n }, (_, i) => i % config.classes) : undefined };
}

/** x, z and labels, and elbo's mean, logVar and outputs for them, as a safetensors file. */
export function caseOf(state: State, n = 8): Uint8Array<ArrayBuffer> {
  const { params } = state, { x, labels } = examples(state, n, 3);
  const z = random.normal(key(3), [n, params.config.latent]);
  const { mean, logVar } = encode(params, x, { labels }), outputs = decode(params, z, { labels });
  const tensors = { x, z, mean, logVar, outputs }, entries = new Map<string, TensorEntry>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const { buffer, byteOffset, byteLength } = tensor.dataSync();
    entries.set(name, { dtype: "F32", shape: tensor.shape, data: new Uint8Array(buffer, byteOffset, byteLength) });
  }
  if (labels) entries.set("labels", { dtype: "I32", shape: [n], data: new Uint8Array(Int32Array.from(labels).buffer) });
  const file = encodeSafetensors(entries, {});
  tf.dispose(tensors);
  return file;
}

if (import.meta.main) {
  const [model, output, config] = Deno.args;
  if (!model || !output) throw new Error("Cannot make a case: expected MODEL CASE [CONFIG] as arguments");
  if (config) await Deno.writeFile(model, save(trained(JSON.parse(config))));
  await Deno.writeFile(output, caseOf(load(await Deno.readFile(model))));
}
