import { show } from "../../checks/show.ts";

/** What an error's answer says besides its status. */
export type Details = {
  /** What the request should have had. */
  readonly wanted?: string | undefined;
  /** What it had. */
  readonly got?: string | undefined;
  /** Headers of the answer, such as `allow`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
};

/** Thrown where a request is found wanting; its answer has this status, and says why. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly details: Details;

  constructor(status: number, message: string, details: Details = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** A refusal that says what was wanted and what was got: in words, and each for itself. */
export function refuse(
  status: number,
  what: string,
  wanted: string,
  got: string,
  headers?: Details["headers"],
): Refusal {
  return new Refusal(status, `${what}: expected ${wanted}, got ${got}`, { wanted, got, headers });
}

/** The answer to a request that failed, in the one shape that all have: `{ error: { message, wanted?, got? } }`. */
export function refusalAnswer({ status, message, details: { wanted, got, headers } }: Refusal): Response {
  return Response.json({ error: { message, wanted, got } }, { status, ...headers && { headers } });
}

/** A value of JSON in a few words: of an array how long it is, since that is what is wrong with rows. */
export function describe(value: unknown): string {
  return Array.isArray(value) ? `an array of ${value.length}` : show(value);
}
