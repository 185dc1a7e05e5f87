import { type Key, key } from "../../random.ts";
import type { Array2D } from "../arrays.ts";
import { decode, encode, type Posterior, sampleWith } from "../infer.ts";
import { priorCodes } from "../prior.ts";
import { type Fault, faultOfCodes, faultOfExamples, finite } from "./damage.ts";
import type { Service, Task } from "./service.ts";

/** Labels of several examples, or one for all; none where the model has no classes. */
export type Labels = { readonly labels?: number | readonly number[] | undefined };

/** Multiply-adds that take as long as a draw. */
export const DRAW = 64;

/** Room for so many rows. */
export function emptyRows(rows: number, cols: number): Array2D {
  return { data: new Float32Array(rows * cols), shape: [rows, cols] };
}

/** Rows of a table, from the one up to the other; in its memory. */
function rowsOf({ data, shape: [, cols] }: Array2D, from: number, to: number): Array2D {
  return { data: data.subarray(from * cols, to * cols), shape: [to - from, cols] };
}

function labelsOf({ labels }: Labels, from: number, to: number): { labels?: number | number[] | undefined } {
  if (labels === undefined) return {};
  return { labels: typeof labels === "number" ? labels : labels.slice(from, to) };
}

/** The posterior of examples, with the bits of `encode` of all of them. */
export async function encoded(service: Service, task: Task, x: Array2D, labels: Labels): Promise<Posterior> {
  const { model, turns, work, likelihood: { support } } = service, [B] = x.shape, Z = model.config.latent;
  const mean = emptyRows(B, Z), logVar = emptyRows(B, Z), fault = faultOfExamples(support);
  await turns.each(task, B, work.encode, "madds", (from, to) => {
    const q = encode(model, rowsOf(x, from, to), labelsOf(labels, from, to));
    mean.data.set(finite("mean", q.mean, fault).data, from * Z);
    logVar.data.set(finite("logVar", q.logVar, fault).data, from * Z);
  });
  return { mean, logVar };
}

/** What {@linkcode decoded} gives: the means of p(x | z), or its parameters. */
export type What = "x" | "outputs";

/** What the decoder makes of codes, with the bits of `decode` of all of them. */
export async function decoded(
  service: Service,
  task: Task,
  z: Array2D,
  labels: Labels,
  what: What = "x",
  fault: Fault = faultOfCodes(z),
): Promise<Array2D> {
  const { model, turns, work, likelihood: p } = service, [B] = z.shape, means = what === "x";
  const out = emptyRows(B, model.config.input * (means ? 1 : p.outputs)), [, cols] = out.shape;
  await turns.each(task, B, work.decode + (means ? work.mean : 0), "madds", (from, to) => {
    const outputs = decode(model, finite("z", rowsOf(z, from, to), fault), labelsOf(labels, from, to));
    out.data.set(finite(what, means ? p.mean(outputs) : outputs, fault).data, from * cols);
  });
  return out;
}

/** Codes that the prior draws, as `priorCodes` does. */
export async function drawn(service: Service, task: Task, n: number, key: Key): Promise<Array2D> {
  const { model, turns } = service;
  return await turns.run(task, DRAW * n * model.config.latent, "madds", () => priorCodes(model, n, key));
}

/** Examples as the model sees them, with the bits of `reconstruct`: with a seed, of a sample of the posterior. */
export async function reconstructed(
  service: Service,
  task: Task,
  x: Array2D,
  labels: Labels,
  seed?: number,
): Promise<Array2D> {
  const q = await encoded(service, task, x, labels), { turns, model, likelihood: { support } } = service;
  let z = q.mean;
  if (seed !== undefined) {
    const noise = await drawn(service, task, x.shape[0], key(seed));
    z = await turns.run(task, DRAW * noise.data.length, "madds", () => sampleWith(model, q, noise));
  }
  return await decoded(service, task, z, labels, "x", faultOfExamples(support));
}
