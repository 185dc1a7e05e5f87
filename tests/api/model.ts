/** Models for the tests, and what they are looked at with. */
import { type ConfigOptions, foldIn, init, key, type Params, random, type State, type Tensors, tf } from "../../mod.ts";
import { entries, map } from "./reference.ts";

/** A state as `init` makes it, but with biases as large as to be seen in every result. */
export function modelOf(config: ConfigOptions, seed = 0): State {
  return tf.tidy(() => {
    const state = init(config, { key: key(seed) });
    let i = 0;
    return { ...state, params: withTensors(state.params, (t) => t.rank === 1 ? noise(t.shape, seed, i++) : t) };
  });
}

function noise(shape: number[], seed: number, i: number): tf.Tensor {
  return random.uniform(foldIn(key(seed), i), shape, { low: -0.5, high: 0.5 });
}

/** Parameters with each tensor replaced. */
export function withTensors(params: Params, f: (t: tf.Tensor, name: string) => tf.Tensor): Params {
  const names = entries(params).map(([name]) => name);
  let i = 0;
  return { config: params.config, ...map<tf.Tensor, tf.Tensor>(params, (t) => f(t, names[i++])) };
}

/** A batch of examples, uniform in [0, 1). */
export function batchOf(B: number, D: number, seed = 1): tf.Tensor2D {
  return random.uniform(key(seed), [B, D]);
}

/** A float32 tensor's values. */
export function floatsOf(t: tf.Tensor): Float32Array {
  return t.dataSync<"float32">();
}

/** The bits of every tensor in a tree of them, in order. */
export function bitsOf(tree: unknown): Int32Array[] {
  const tensors: tf.Tensor[] = [];
  const walk = (node: unknown) => {
    if (node instanceof tf.Tensor) tensors.push(node);
    else if (node && typeof node === "object") Object.values(node).forEach(walk);
  };
  walk(tree);
  return tensors.map((t) => new Int32Array(t.dataSync().slice().buffer));
}

/** A tensor of a tree of parameters or gradients by its name. */
export function tensorAt(tree: Tensors, name: string): tf.Tensor {
  const found = entries(tree).find(([n]) => n === name);
  if (!found) throw new Error(`No tensor ${name}`);
  return found[1];
}
