import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { checkCodes, codesTensor, type CodeTensor } from "./codes.ts";

/** Options of {@linkcode traverse}. */
export type TraverseOptions = {
  /** Which value of the code changes: an integer from 0 to Z - 1. */
  readonly dimension: number;
  /** What it becomes, finite; at least one. */
  readonly values: ArrayLike<number>;
};

const OPTIONS: Names<TraverseOptions> = { dimension: true, values: true };

/**
 * One code with one of its values replaced by each of a list: what `decode` makes of them shows what that dimension stands
 * for (Higgins et al., beta-VAE, 2017, figure 1).
 *
 * Borrows its argument; the caller owns the result.
 *
 * @param z The code, float32 [1, Z] or [Z]; finite.
 * @param options.dimension Which value changes: an integer from 0 to Z - 1.
 * @param options.values What it becomes, finite; at least one. Under the prior 99.7 % lie within -3 and 3.
 * @returns float32 [values.length, Z].
 * @throws {TypeError} If z is not float32 [1, Z] or [Z], or was disposed of, or an option is unknown.
 * @throws {RangeError} If a value is not finite, there is none, or there is no such dimension.
 *
 * @example
 * ```ts
 * import { tf, traverse } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const z = traverse(tf.tensor1d([5, 6]), { dimension: 1, values: [-3, 0, 3] });
 * assert.deepEqual(z.arraySync(), [[5, -3], [5, 0], [5, 3]]);
 * ```
 */
export function traverse(z: CodeTensor, options: TraverseOptions): tf.Owned {
  const action = "Cannot traverse", { dimension, values } = checkOptions(action, options, OPTIONS);
  const code = checkCodes(`${action} z`, z, z?.rank === 1 ? ["Z"] : [1, "Z"]), { cols } = code, n = values?.length;
  if (!Number.isInteger(dimension) || dimension < 0 || dimension >= cols) {
    throw new RangeError(
      `${action}: expected dimension to be an integer from 0 to ${cols - 1}, got ${show(dimension)}`,
    );
  }
  if (!(n > 0)) throw new RangeError(`${action}: expected at least one value, got ${n === 0 ? "none" : show(values)}`);
  const out = new Float32Array(n * cols);
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(Math.fround(values[i]!))) {
      throw new RangeError(`${action}: expected finite values, got ${show(values[i])} at ${i}`);
    }
    out.set(code.values, i * cols);
    out[i * cols + dimension] = values[i]!;
  }
  return codesTensor(out, n);
}
