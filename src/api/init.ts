import { runtime } from "../backend/start.ts";
import * as tf from "../backend/tf.ts";
import { checkOptions, type Names, type Optional } from "../checks/options.ts";
import { drawNormal, drawUniform } from "../kernels/draw.ts";
import { floats } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import { type Adam, resolveAdam } from "../optimizer.ts";
import { type Key, split } from "../random.ts";
import { type ConfigOptions, resolveConfig } from "../vae/config.ts";
import { layout, leaves, mapNetwork, type Parameter } from "../vae/layout.ts";
import { markFinite } from "./finite.ts";
import { DISPOSABLE, type Keyed, keyOf, type State, type Tensors } from "./state.ts";
import { allOrNothing, emptyTensor, matrixOf } from "./tensors.ts";

/** What {@linkcode init} takes besides the architecture. */
export type InitOptions = Keyed & {
  /**
   * Settings of Adam that differ from `{ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }`, and those that it
   * may have besides: `weightDecay`, `clipNorm`, `schedule`, `averageDecay`.
   */
  readonly optimizer?: Optional<Adam> | undefined;
};

const OPTIONS: Names<InitOptions> = { key: true, optimizer: true };

/**
 * A new model and the state to train it from. Kernels and biases are uniform on [-1/sqrt(inputs), 1/sqrt(inputs)), as
 * PyTorch's linear layers are (after LeCun et al., Efficient BackProp, 1998, section 4.6): ten epochs of MNIST end 0.15
 * nats lower from there than from Glorot's.
 *
 * The caller owns the result: `dispose(state)`.
 *
 * @param config The architecture: `input` and `latent` widths, `hidden` widths, `activation`, `likelihood`, and settings
 * of `encoder` and `decoder` alone.
 * @param options `key`, from which the parameters and the state's own key come, and settings of the optimizer.
 * @returns The state at step 0.
 * @throws {RangeError} If a width, a name or a setting is not one of those that there are.
 * @throws {TypeError} If `key` is not a key, or an option is unknown; the message names the nearest that is known.
 *
 * @example
 * ```ts
 * import { init, key } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const state = init({ input: 784, hidden: [400], latent: 20, likelihood: "bernoulli" }, { key: key(0) });
 * assert.deepEqual(state.params.encoder.mean.kernel.shape, [400, 20]);
 * ```
 */
export function init(config: ConfigOptions, options: InitOptions): tf.Owned<State> {
  checkOptions("Cannot make a model", options, OPTIONS);
  const resolved = resolveConfig(config), optimizer = resolveAdam(options?.optimizer);
  const [own, key] = split(keyOf("Cannot make a model", options));
  const shapes = layout(resolved), keys = split(own, leaves(shapes).length);
  return allOrNothing(() => {
    const rt = runtime();
    let i = 0;
    const tensors = mapNetwork(shapes, (parameter) => started(rt, parameter, keys[i++]!));
    const zeros = (): Tensors => mapNetwork(shapes, ({ shape }) => tf.zeros([...shape]));
    const copy = (tensor: tf.Tensor): tf.Tensor => {
      const twin = emptyTensor(tensor.shape);
      floats(rt.heap, matrixOf(twin)).set(floats(rt.heap, matrixOf(tensor)));
      return twin;
    };
    const average = optimizer.averageDecay === undefined ? {} : { average: mapNetwork(tensors, copy) };
    const params = { config: resolved, ...tensors };
    const state = { params, mu: zeros(), nu: zeros(), ...average, step: 0, optimizer, key, ...DISPOSABLE };
    markFinite(state);
    return state;
  });
}

/** A parameter as it is before training. */
function started(rt: Runtime, { shape, start }: Parameter, key: Key): tf.Tensor {
  if (typeof start === "number") return tf.fill([...shape], start);
  const tensor = emptyTensor(shape), out = matrixOf(tensor);
  if (start === "normal") drawNormal(rt, out, key);
  else drawUniform(rt, out, key, -1 / Math.sqrt(start.fanIn), 1 / Math.sqrt(start.fanIn));
  return tensor;
}
