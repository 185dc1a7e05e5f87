/**
 * A file or folder of data that cannot be used as it is: missing, damaged, of another format, or of shapes that do not
 * fit together. It tells a mistake in what the user gave from a mistake in the program, which throws anything else.
 *
 * @example
 * ```ts
 * import { DataError } from "@elbo/elbo";
 * import { ok } from "node:assert/strict";
 *
 * const error = new DataError("Cannot read IDX file digits: expected a header of at least 4 bytes, got 2");
 * ok(error instanceof Error && error.name === "DataError");
 * ```
 */
export class DataError extends Error {
  /** Always `"DataError"`. */
  override readonly name = "DataError";
}
