import * as tf from "../backend/tf.ts";
import { show } from "../checks/show.ts";
import { Dataset } from "../data/dataset.ts";

/** A value that is often given in place of another: how it is recognized, and what to write instead. */
type Mistake = { readonly is: (value: Record<string, unknown>) => boolean; readonly text: string };

const isState = (value: unknown) => isObject(value) && isObject(value.params) && "mu" in value && "step" in value;
const isParams = (value: unknown) => isObject(value) && isObject(value.config) && "encoder" in value;

/** The likeliest mistakes; the first that fits is reported. */
const MISTAKES: readonly Mistake[] = [
  {
    is: (value) => Array.isArray(value) && value.length === 2 && isState(value[0]),
    text: "the pair that step returns; take it apart: const [next, metrics] = step(…)",
  },
  {
    is: (value) => Array.isArray(value) && value.length === 2 && isObject(value[0]) && "encoder" in value[0],
    text: "the pair that gradients returns; take it apart: const [grads, metrics] = gradients(…)",
  },
  { is: isState, text: "a state; write state.params for its parameters" },
  { is: isParams, text: "parameters; write the state that they belong to, or init(…) for a new one" },
  { is: (value) => typeof value.then === "function", text: "a promise; await it" },
  {
    is: (value) => value instanceof Dataset,
    text: "a dataset; write batch(data, indices) for a tensor of its examples",
  },
  {
    is: (value) => value.mean instanceof tf.Tensor && value.logVar instanceof tf.Tensor,
    text: "a posterior; write sample(posterior, { key }) or posterior.mean for codes",
  },
  {
    is: (value) => Array.isArray(value) || ArrayBuffer.isView(value),
    text: "an array; write tf.tensor2d(values, [rows, columns]) for a tensor",
  },
];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/**
 * Describes an argument that is not what was wanted, for the end of an error message: a tensor by dtype and shape, a likely
 * mistake with what to write instead, and anything else as {@linkcode show} does.
 *
 * @param value The argument.
 * @returns Its description, such as `a float32 tensor of shape [2, 3]` or `a state; write state.params for its parameters`.
 */
export function describe(value: unknown): string {
  if (value instanceof tf.Tensor) return `a ${value.dtype} tensor of shape [${value.shape.join(", ")}]`;
  if (!isObject(value)) return show(value);
  const mistake = MISTAKES.find(({ is }) => is(value));
  if (!mistake) return show(value);
  return Array.isArray(value) || ArrayBuffer.isView(value)
    ? mistake.text.replace(/^an array/, show(value))
    : mistake.text;
}
