import type { Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { findOutside, MOST } from "../kernels/batch.ts";
import type { Matrix } from "../kernels/heap.ts";
import type { Runtime } from "../kernels/runtime.ts";
import type { Config } from "./config.ts";
import { LIKELIHOODS } from "./likelihood.ts";

/** Options of what a conditional model needs to know of each example. */
export type Labelled = {
  /** The label of each example, integers in [0, classes), or one for all; for conditional models, and only for them. */
  readonly labels?: number | ArrayLike<number> | undefined;
};

/** The names of {@linkcode Labelled}, for `checkOptions`. */
export const LABELLED: Names<Labelled> = { labels: true };

/** Throws a `RangeError` unless all values are within the bounds; without bounds, unless they are finite. */
export function checkValues(rt: Runtime, what: string, m: Matrix, low = -MOST, high = MOST, why = ""): void {
  const at = findOutside(rt, m, low, high);
  if (at < 0) return;
  const value = new Float32Array(rt.heap.memory.buffer, m.ptr + 4 * at, 1)[0];
  const wanted = high === MOST ? `finite values${why}` : `values in [${low}, ${high}]${why}`;
  throw new RangeError(`${what}: expected ${wanted}, got ${value} at [${Math.floor(at / m.cols)}, ${at % m.cols}]`);
}

/** Throws a `RangeError` unless the model's likelihood has all values in its support. */
export function checkSupport(rt: Runtime, what: string, x: Matrix, { likelihood }: Config): void {
  const [low, high] = LIKELIHOODS[likelihood].support;
  checkValues(rt, what, x, low, high, ` for the likelihood "${likelihood}"`);
}

/** Labels that have no length, for an error message: most often they are a tensor, which this layer does not know. */
function describeLabels(labels: unknown): string {
  const tensor = typeof labels === "object" && labels !== null && "dataSync" in labels;
  return tensor ? "a tensor; write labels.dataSync()" : `${show(labels)}, which has no length`;
}

/** Labels as int32 in the arena; none for a model that is not conditional. */
export function labelsIn(
  rt: Runtime,
  what: string,
  { classes }: Config,
  labels: Labelled["labels"],
  B: number,
): number | undefined {
  if (classes === 0) {
    if (labels === undefined) return undefined;
    throw new TypeError(`${what}: expected no labels, since the model has no classes, got some`);
  }
  const wanted = `${B} ${B === 1 ? "label" : "labels"} in [0, ${classes})`;
  if (labels === undefined || labels === null) throw new TypeError(`${what}: expected ${wanted}, got none`);
  if (typeof labels !== "number" && typeof labels.length !== "number") {
    throw new TypeError(`${what}: expected ${wanted}, got ${describeLabels(labels)}`);
  }
  const list = typeof labels === "number" ? new Array<number>(B).fill(labels) : Array.from(labels);
  if (list.length !== B) throw new TypeError(`${what}: expected ${wanted}, got ${list.length}`);
  const wrong = list.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) throw new RangeError(`${what}: expected ${wanted}, got ${show(list[wrong])} at ${wrong}`);
  const pointer = rt.arena.take(4 * B);
  new Int32Array(rt.heap.memory.buffer, pointer, B).set(list);
  return pointer;
}
