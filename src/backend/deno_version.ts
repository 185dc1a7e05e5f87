/**
 * The oldest Deno that elbo runs on. Before it, npm packages see Node's own `Worker` whatever stands in its place, so that
 * tfjs's threads cannot be started. CI reads it here, and runs the tests on that version, too.
 */
export const OLDEST_DENO = "2.8.0";

/**
 * Throws on a Deno that is too old; runtimes that do not say that they are Deno are let pass.
 *
 * @param version What the runtime says, such as `2.9.6`, if it is Deno.
 * @throws {RangeError} Naming both versions.
 */
export function checkDeno(version: string | undefined): void {
  if (version === undefined) return;
  const [wanted, got] = [OLDEST_DENO, version].map((text) => text.split(/[.+-]/).map(Number));
  const [major, minor, patch] = wanted!.map((part, i) => (got![i] ?? 0) - part);
  if ((major || minor || patch)! >= 0) return;
  throw new RangeError(`Cannot run on Deno ${version}: elbo needs Deno ${OLDEST_DENO} or later (deno upgrade)`);
}
