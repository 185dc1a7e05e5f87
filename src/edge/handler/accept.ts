import { showText } from "../../checks/show.ts";
import { refuse } from "./refusal.ts";

/** What answers are made of. */
export type Form = "application/json" | "application/octet-stream" | "image/png" | "text/html";

/** How much a client wants a form, from 0 to 1, and how exactly it said so; 0 if it did not. */
function quality(ranges: readonly string[], form: Form): number {
  const [type] = form.split("/"), exactness = ["*/*", `${type}/*`, form];
  let best = -1, q = 0;
  for (const range of ranges) {
    const [name, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const exact = exactness.indexOf(name!);
    if (exact <= best) continue;
    const given = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
    best = exact;
    q = /^(0(\.\d*)?|1(\.0*)?)$/.test(given) ? Number(given) : 1;
  }
  return q;
}

/**
 * The form that a client would rather have, by its header `Accept` (RFC 9110, section 12.5.1); of equals the first.
 *
 * @param accept The header; anything will do where it is missing.
 * @param offered What there is, the best first.
 * @throws {Refusal} With status 406 if it wants none of them.
 */
export function chooseForm(accept: string | null, offered: readonly Form[]): Form {
  if (accept === null || accept.trim() === "") return offered[0]!;
  const ranges = accept.split(","), qualities = offered.map((form) => quality(ranges, form));
  const most = Math.max(...qualities);
  if (most > 0) return offered[qualities.indexOf(most)]!;
  throw refuse(406, "Cannot answer", `the header accept to allow ${offered.join(" or ")}`, showText(accept));
}
