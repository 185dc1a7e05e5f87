import type { Model } from "../edge/model.ts";
import { parseText } from "../metadata.ts";

/**
 * Returns the labels that a model was trained with, ascending: where its training's data had gaps between their labels,
 * `deno task train` noted which there were. A model of which nothing is noted has seen all of them.
 *
 * @param model A model; one that is not conditional has none.
 */
export function seenLabels({ config: { classes }, metadata }: Pick<Model, "config" | "metadata">): readonly number[] {
  const all = Array.from({ length: classes }, (_, label) => label);
  try {
    const { labels } = parseText(metadata.training ?? "{}") as { readonly labels?: unknown };
    const seen = Array.isArray(labels) ? all.filter((label) => labels.includes(label)) : all;
    return seen.length > 0 ? seen : all;
  } catch {
    return all; // whoever wrote that meant something else
  }
}
