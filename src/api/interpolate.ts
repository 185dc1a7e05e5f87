import type * as tf from "../backend/tf.ts";
import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { type Interpolation, INTERPOLATIONS, ways } from "../vae/ways.ts";
import { checkCodes, codesTensor, type CodeTensor } from "./codes.ts";

/** Options of {@linkcode interpolate}. */
export type InterpolateOptions = {
  /** Codes on each way, both ends among them; at least 2. */
  readonly steps: number;
  /** Default `"linear"`. */
  readonly method?: Interpolation | undefined;
};

const OPTIONS: Names<InterpolateOptions> = { steps: true, method: true };

/**
 * Codes on the way from each code of a to that of b, at t = 0, 1 / (steps - 1), …, 1, of which the first and the last are
 * a and b themselves:
 *
 * - `"linear"`: (1 - t) a + t b.
 * - `"spherical"`: sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b, with w the angle between a and b (Shoemake, Animating
 *   Rotation with Quaternion Curves, 1985; White, Sampling Generative Networks, 2016, section 2.1). Between codes of one
 *   length all have it, where the straight way comes closer to 0 than codes of the prior do.
 *
 * Where the angle is 0, or a code is 0, the two ways are the same. Between opposite codes, an angle of pi, no great circle
 * is nearer than any other: there `"spherical"` takes the straight way too, through 0. (Both within 1e-6.)
 *
 * Borrows its arguments; the caller owns the result.
 *
 * @param a Latent codes, float32 [B, Z] or, one code, [Z]; finite.
 * @param b As many codes, of a's shape.
 * @param options.steps Codes on each way, both ends among them; an integer of at least 2.
 * @param options.method `"linear"` (default) or `"spherical"`.
 * @returns float32 [B * steps, Z], which `decode` takes: the way of the first pair, then that of the second, …
 * @throws {TypeError} If a and b are not float32 of one shape, a tensor was disposed of, or an option is unknown.
 * @throws {RangeError} If a value is not finite, `steps` is below 2, or there is no such method.
 *
 * @example Half a turn of a right angle
 * ```ts
 * import { interpolate, tf } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * const a = tf.tensor1d([2, 0]), b = tf.tensor1d([0, 2]);
 * assert.deepEqual([...interpolate(a, b, { steps: 3 }).dataSync()], [2, 0, 1, 1, 0, 2]);
 * const [x, y] = interpolate(a, b, { steps: 3, method: "spherical" }).dataSync().slice(2);
 * assert(x === y && x === Math.fround(Math.SQRT2));
 * ```
 */
export function interpolate(a: CodeTensor, b: CodeTensor, options: InterpolateOptions): tf.Owned {
  const action = "Cannot interpolate", { steps, method = "linear" } = checkOptions(action, options, OPTIONS);
  const from = checkCodes(`${action} a`, a), to = checkCodes(`${action} b`, b, a.shape), { rows, cols } = from;
  if (!Number.isSafeInteger(steps) || steps < 2) {
    throw new RangeError(`${action}: expected steps to be an integer of at least 2, got ${show(steps)}`);
  }
  if (!INTERPOLATIONS.includes(method)) {
    throw new RangeError(
      `${action}: expected method to be one of "linear", "spherical", got ${show(method)}`,
    );
  }
  return codesTensor(ways(from.values, to.values, { rows, cols, steps, method }), rows * steps);
}
