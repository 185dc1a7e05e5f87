/**
 * Assertions with the names and meanings of `@std/assert`, over `node:assert/strict`, because that package is served by
 * a registry that is not reachable everywhere. Where it is, the whole file may be replaced by one line:
 * `export * from "jsr:@std/assert@1";`
 */
import assertion from "node:assert/strict";

/** Fails unless `condition` is truthy. */
export function assert(condition: unknown, message?: string): asserts condition {
  assertion.ok(condition, message);
}

/** Fails unless the two are deeply and strictly equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  assertion.deepEqual(actual, expected, message);
}

/** Fails if the two are deeply and strictly equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  assertion.notDeepEqual(actual, expected, message);
}

/** Fails unless the two are the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  assertion.equal(actual, expected, message);
}

/** Fails unless the two numbers differ by no more than `tolerance` (by default 1e-7 times the size of `expected`). */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
  if (Object.is(actual, expected)) return;
  const bound = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const difference = Math.abs(actual - expected);
  assertion.ok(
    difference <= bound,
    message ?? `Expected ${expected} within ${bound}, got ${actual} (difference ${difference})`,
  );
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  assertion.ok(actual.includes(expected), message ?? `Expected actual: "${actual}" to contain: "${expected}"`);
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  assertion.match(actual, expected, message);
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function checkError<E extends Error>(error: unknown, errorClass?: ErrorClass<E>, includes?: string): E {
  assertion.ok(error instanceof Error, "A non-Error object was thrown");
  if (errorClass) {
    assertion.ok(
      error instanceof errorClass,
      `Expected error to be instance of "${errorClass.name}", but was "${error.constructor.name}": ${error.message}`,
    );
  }
  if (includes !== undefined) assertStringIncludes(error.message, includes);
  return error as E;
}

/** Fails unless `fn` throws, with that class and with that text in its message; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checkError(error, errorClass, includes);
  }
  throw new assertion.AssertionError({ message: "Expected function to throw." });
}

/** Fails unless the promise of `fn` rejects, with that class and with that text in its message; returns the error. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  includes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, errorClass, includes);
  }
  throw new assertion.AssertionError({ message: "Expected function to reject." });
}
