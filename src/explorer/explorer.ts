import { decode } from "../edge/infer.ts";
import { likelihood } from "../edge/likelihood.ts";
import type { Model } from "../edge/model.ts";
import { type Shape, shapeOf } from "../edge/shape.ts";
import type { Labelled } from "../vae/checks.ts";
import { activity } from "./activity.ts";
import { seenLabels } from "./seen_labels.ts";

/** What is on the page, and what it is made of: drawn again where that is no longer the same. */
type View = { readonly draw: () => void; readonly of: () => readonly unknown[]; last: readonly unknown[] };

/**
 * A model that is being explored: the code that is looked at, and the views of it. However often something changes, views
 * are drawn once a frame.
 */
export class Explorer {
  readonly model: Model;
  readonly shape: Shape;
  /** The labels that the model has seen, ascending; none if it is not conditional. */
  readonly seen: readonly number[];
  /** Dimensions of the code, the most active first. */
  readonly order: readonly number[];
  /** The variance that tells how active each is, by dimension. */
  readonly variance: Float64Array;
  /** Aborted when another model takes this one's place: listeners go with it. */
  readonly signal: AbortSignal;
  readonly #views: View[] = [];
  #z: Float32Array;
  #label = 0;
  #seed = 0;
  #awaited = false;

  constructor(model: Model, signal: AbortSignal) {
    this.model = model;
    this.signal = signal;
    this.shape = shapeOf(model);
    this.seen = seenLabels(model);
    this.#label = this.seen[0] ?? 0;
    this.variance = activity(model);
    this.order = Array.from(this.variance.keys()).sort((a, b) => this.variance[b]! - this.variance[a]!);
    this.#z = new Float32Array(model.config.latent);
  }

  /** The code, [Z]; never changed in place, so that another array is another code. */
  get z(): Float32Array {
    return this.#z;
  }

  set z(z: Float32Array) {
    this.#z = z;
    this.refresh();
  }

  /** What codes are decoded for, if the model is conditional; a label that it has not seen becomes the one before it. */
  get label(): number {
    return this.#label;
  }

  set label(label: number) {
    this.#label = this.seen.findLast((one) => one <= label) ?? this.seen[0] ?? 0;
    this.refresh();
  }

  /** What samples are drawn with. */
  get seed(): number {
    return this.#seed;
  }

  set seed(seed: number) {
    this.#seed = seed;
    this.refresh();
  }

  /** The label as an option of what needs one. */
  get labels(): Labelled {
    return this.model.config.classes > 0 ? { labels: this.#label } : {};
  }

  /** The code with other values in some dimensions. */
  withValues(values: ReadonlyMap<number, number>): Float32Array {
    return this.#z.map((value, i) => values.get(i) ?? value);
  }

  /** What codes [B, Z] stand for: the means of p(x | z), [B, D]. */
  means(z: Float32Array): Float32Array {
    return likelihood(this.model).mean(decode(this.model, z, this.labels)).data;
  }

  /**
   * Adds a view.
   *
   * @param draw Draws it.
   * @param of What it depends on.
   */
  show(draw: () => void, of: () => readonly unknown[]): void {
    this.#views.push({ draw, of, last: [] });
    this.refresh();
  }

  /** Draws the views whose ground has changed, with the next frame. */
  refresh(): void {
    if (this.#awaited) return;
    this.#awaited = true;
    requestAnimationFrame(() => {
      this.#awaited = false;
      if (this.signal.aborted) return;
      for (const view of this.#views) {
        const now = view.of();
        if (now.length === view.last.length && now.every((value, i) => Object.is(value, view.last[i]))) continue;
        view.last = now;
        view.draw();
      }
    });
  }
}
