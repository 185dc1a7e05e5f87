import { generate } from "../edge/generate.ts";
import { encode } from "../edge/infer.ts";
import type { Model } from "../edge/model.ts";
import { key } from "../random.ts";
import { seenLabels } from "./seen_labels.ts";

/** Examples that the model draws to be asked about. */
const COUNT = 200;

/**
 * How active each dimension of the code is: Var over x of E[z | x] (Burda, Grosse and Salakhutdinov 2016, section 5.3), for x
 * that the model itself generates, since a page has its model and not the data. A dimension that the model does not use
 * has none; one that it uses fully has nearly 1.
 *
 * @param model A model; a conditional one is asked about all labels that it has seen, in turn.
 * @returns The variance, [Z].
 */
export function activity(model: Model): Float64Array {
  const { latent: Z } = model.config, seen = seenLabels(model), n = seen.length;
  const given = n > 0 ? { labels: Array.from({ length: COUNT }, (_, i) => seen[i % n]!) } : {};
  const { mean } = encode(model, generate(model, { n: COUNT, key: key(0), ...given }), given);
  const sum = new Float64Array(Z), squares = new Float64Array(Z);
  mean.data.forEach((value, i) => {
    sum[i % Z]! += value;
    squares[i % Z]! += value * value;
  });
  return squares.map((square, d) => Math.max(0, square / COUNT - (sum[d]! / COUNT) ** 2));
}
