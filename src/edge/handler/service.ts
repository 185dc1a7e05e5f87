import { type Work, work } from "../../vae/work.ts";
import { likelihood, type LikelihoodOf } from "../likelihood.ts";
import type { Model } from "../model.ts";
import { clientOf } from "./address.ts";
import { LITTLE, QUIET } from "./body.ts";
import { checkSound } from "./damage.ts";
import { type HandlerOptions, resolveOptions, type Settings } from "./options.ts";
import { Holder, Pending } from "./pending.ts";
import { Turns, type Worker } from "./turns.ts";

/** How many requests' bodies, or how many times the work of one, are taken in at a time. */
const TOGETHER = 8;

/** What answers requests: a model, its limits, and what it does at the moment. */
export type Service = {
  readonly model: Model;
  readonly likelihood: LikelihoodOf;
  readonly settings: Settings & { readonly maxWork: number };
  /** What an example is. */
  readonly work: Work;
  /** Bytes of bodies. */
  readonly bodies: Pending;
  /** Multiply-adds of requests that are being answered. */
  readonly working: Pending;
  readonly turns: Turns;
};

/** A request that is being answered. */
export type Task = Worker & {
  readonly request: Request;
  /** What it holds of {@linkcode Service.bodies}. */
  readonly body: Holder;
  /** What it holds of {@linkcode Service.working}. */
  readonly work: Holder;
};

/**
 * Makes the service of a model.
 *
 * @throws {RangeError} If the model is damaged, or an option is out of range.
 * @throws {TypeError} If it is no model, or an option is unknown or of the wrong type.
 */
export function serviceOf(model: Model, options: HandlerOptions): Service {
  const settings = resolveOptions(options), { maxBytes, maxPending } = settings, p = likelihood(model);
  const each = work(model.config),
    maxWork = settings.maxWork ?? Math.max(2 ** 32, each.encode + each.decode + each.mean);
  checkSound(model);
  return {
    model,
    likelihood: p,
    settings: { ...settings, maxWork },
    work: each,
    bodies: new Pending({ most: maxPending, share: Math.max(maxBytes, maxPending / 2), little: LITTLE, quiet: QUIET }),
    working: new Pending({ most: TOGETHER * maxWork, share: TOGETHER / 2 * maxWork }),
    turns: new Turns(),
  };
}

/** Answers a request as a task, which gives back all that it holds when it ends. */
export async function withTask<T>(
  { settings: { clientAddress, timeout }, bodies, working }: Service,
  request: Request,
  info: unknown,
  body: (task: Task) => Promise<T>,
): Promise<T> {
  const given = clientAddress(request, info), address = typeof given === "string" ? clientOf(given) : undefined;
  const holders = { body: new Holder(address), work: new Holder(address) };
  const task: Task = {
    ...{ request, ...holders },
    get signal() {
      return request.signal;
    },
    alive() {
      holders.body.until = holders.work.until = performance.now() + timeout;
    },
  };
  try {
    return await body(task);
  } finally {
    bodies.release(holders.body);
    working.release(holders.work);
  }
}
