/**
 * The error of everything that reads or writes checkpoints. It has a class of its own because callers catch it: a damaged
 * or foreign file is met in ordinary use, and the answer is to try another one.
 */

/**
 * Thrown when a checkpoint cannot be read or written. The message names the action, what was wanted and what was got.
 *
 * @example Telling a damaged file from a defect of the program
 * ```ts
 * import { CheckpointError, load } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * let message = "";
 * try {
 *   load(new Uint8Array(5));
 * } catch (error) {
 *   if (!(error instanceof CheckpointError)) throw error;
 *   message = error.message;
 * }
 * assert.equal(message, "Cannot read checkpoint: expected at least 8 bytes, got 5");
 * ```
 */
export class CheckpointError extends Error {
  /** The name of the class, for logs and for code that cannot use `instanceof`. */
  override readonly name = "CheckpointError";

  /**
   * An error with a message that says it all.
   *
   * @param message The action, what was wanted and what was got: sentence case, no final period.
   * @param options `cause`: the error that led to this one, if there is one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Makes, but does not throw, the error for something that is not as it has to be.
 *
 * @param action What cannot be done.
 * @param wanted What was expected, to follow the word "expected".
 * @param got What is there instead.
 * @param cause The error that led to this one, if there is one.
 * @returns The error, to be thrown.
 *
 * @example The form of its message
 * ```ts
 * import { mismatch } from "./checkpoint_error.ts";
 * import assert from "node:assert/strict";
 *
 * const error = mismatch("read", "version 1", 7);
 * assert.equal(error.message, "Cannot read checkpoint: expected version 1, got 7");
 * ```
 */
export function mismatch(
  action: "read" | "write",
  wanted: string,
  got: string | number | bigint,
  cause?: unknown,
): CheckpointError {
  const message = `Cannot ${action} checkpoint: expected ${wanted}, got ${got}`;
  return new CheckpointError(message, cause === undefined ? undefined : { cause });
}
