/** Which labels a dataset has, and which are missing between them. */
import type { Split } from "../data/images.ts";
import { UserError } from "./run.ts";

/** Labels that a message lists. */
const LISTED = 10;

/**
 * Returns how many labels a dataset has: one more than the largest, of all train and test images.
 *
 * @throws {UserError} If a set has no labels.
 */
export function classesOf({ train, test }: Split): number {
  for (const [name, { labels }] of [["train", train], ["test", test]] as const) {
    if (labels) continue;
    throw new UserError(`Cannot train with --conditional: expected labels of the ${name} images, got none`);
  }
  return [train, test].reduce((most, { labels }) => labels!.reduce((m, label) => Math.max(m, label), most), 0) + 1;
}

/** The labels that examples have, and a sentence about those that none has. */
export type LabelGaps = { readonly seen: readonly number[]; readonly message: string };

/**
 * Returns the labels below `classes` that train images have, where there are gaps between them.
 *
 * @param split The data.
 * @param classes How many labels the model has; 0 where it is not conditional.
 * @returns Undefined where every label has train images, or the model is not conditional.
 */
export function labelGaps({ train: { labels } }: Split, classes: number): LabelGaps | undefined {
  const present = new Set(labels ?? []), all = Array.from({ length: classes }, (_, label) => label);
  const seen = all.filter((label) => present.has(label)), missing = all.filter((label) => !present.has(label));
  if (missing.length === 0) return undefined;
  const some = missing.slice(0, LISTED).join(", ") + (missing.length > LISTED ? ", …" : "");
  const message = missing.length === 1
    ? `no train image has the label ${some}; it is not drawn`
    : `no train images have the labels ${some}; they are not drawn`;
  return { seen, message };
}
