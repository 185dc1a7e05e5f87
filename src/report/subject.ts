import { batch } from "../api/batch.ts";
import type { Metrics } from "../api/loss.ts";
import type { Params } from "../api/state.ts";
import type { Owned } from "../backend/tf.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Binarize } from "../evaluate.ts";
import { type Key, key } from "../random.ts";
import type { Config } from "../vae/config.ts";
import type { EpochTerms } from "./curve.ts";

/** What a report is about. */
export type Subject = {
  readonly params: Params;
  /** Updates that led to them. */
  readonly step: number;
  /** The test images. */
  readonly test: Dataset;
  /** The name of the data. */
  readonly name: string;
  /** Whether the model was trained on binary pixels, and is therefore shown such. */
  readonly binarize: Binarize;
  /** Over the test images, nats per image. */
  readonly metrics: Metrics & { readonly elbo?: number | undefined };
  /** The epochs so far, in rising order; none if nothing is known of them. */
  readonly records: readonly EpochTerms[];
  /** What the samples come from. */
  readonly seed: number;
  /** The labels that a conditional model was trained on, if not all below its number of classes. */
  readonly labels?: readonly number[] | undefined;
  /** What asks to stop while the report is made. */
  readonly signal?: AbortSignal | undefined;
  /** How the model was made, as names and values. */
  readonly settings: readonly (readonly [name: string, value: string])[];
};

/** Options of `batch` with which a model's images are shown: binary ones, always the same, if it was trained on such. */
export function pixels(binarize: Binarize): { readonly binarize: Binarize; readonly key: Key } {
  return { binarize, key: key(0) };
}

/** The first `n` test images as the model saw images: of a model of binary pixels, binary ones. */
export function firstImages({ test, binarize }: Pick<Subject, "test" | "binarize">, n: number): Owned {
  return batch(test, Array.from({ length: n }, (_, i) => i), pixels(binarize));
}

/** The labels of the first `n` test images, for a conditional model. */
export function firstLabels({ params, test }: Pick<Subject, "params" | "test">, n: number): Uint8Array | undefined {
  return params.config.classes > 0 ? test.labels?.subarray(0, n) : undefined;
}

/** Labels for `n` samples of a conditional model, each of the known ones in turn; none for another model. */
export function labelsInTurn({ classes }: Config, n: number, known?: readonly number[]): number[] | undefined {
  if (classes === 0) return undefined;
  return Array.from({ length: n }, (_, i) => known?.[i % known.length] ?? i % classes);
}

/** How a test image is named: by its place and, where it is known, its class. */
export function imageName({ labels }: Dataset, index: number): string {
  return labels ? `test image ${index} (class ${labels[index]})` : `test image ${index}`;
}
