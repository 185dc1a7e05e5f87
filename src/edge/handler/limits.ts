import { show } from "../../checks/show.ts";
import type { Form } from "./accept.ts";
import { tooBusy } from "./body.ts";
import { refuse } from "./refusal.ts";
import type { Service, Task } from "./service.ts";

/** Multiply-adds that take as long as to write one number of an answer. */
const WRITE = { "application/json": 1024, "application/octet-stream": 16, "text/html": 0 };

/** The same of one pixel: to draw and to compress it. */
const PIXEL = 64;

/** The work of writing one number of an answer in a form, in multiply-adds. */
export function writing(form: Form, scale: number): number {
  return form === "image/png" ? PIXEL * scale * scale : WRITE[form];
}

/** What a request may ask for in another number. */
export type Asked = {
  /** What there may be fewer of, such as `rows`. */
  readonly what: string;
  /** How many it asks for. */
  readonly count: number;
  /** The work of each of them. */
  readonly each: number;
  /** The work that does not depend on their number. */
  readonly before?: number | undefined;
};

/**
 * Takes the work of a request on: it counts towards what all may ask for together until its task ends.
 *
 * @throws {Refusal} 413 if it is more than a request may ask for, with the largest number that is not; 503 if there is no
 * room for it beside the others.
 */
export function takeOn(service: Service, task: Task, { what, count, each, before = 0 }: Asked): void {
  const { maxWork } = service.settings, total = before + count * each;
  if (total > maxWork) {
    const most = Math.max(0, Math.floor((maxWork - before) / each));
    throw refuse(
      413,
      "Cannot answer",
      `at most ${most} ${what}, since a request may take ${show(maxWork)} multiply-adds`,
      `${count}`,
    );
  }
  task.alive();
  if (!service.working.hold(task.work, total)) throw tooBusy("Cannot answer: too much else is asked for, try again");
}
