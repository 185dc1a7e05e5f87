import { CheckpointError } from "../checkpoint_error.ts";
import { DataError } from "../data/data_error.ts";
import { warn } from "./output.ts";
import { exit } from "./signals.ts";
import { UserError } from "./user_error.ts";

export { UserError };

/** What Deno throws about paths and permissions of the user's own. */
const SYSTEM = [
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.NotCapable,
  Deno.errors.AlreadyExists,
  Deno.errors.IsADirectory,
  Deno.errors.NotADirectory,
];

function isUserError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error instanceof UserError || error instanceof DataError || error instanceof CheckpointError) return true;
  // By name, because its class stands above tfjs, which need not be loaded to read flags.
  if (error.name === "LossError") return true;
  // A number that only the library could judge, such as widths that the heap cannot hold. Ours begin with what cannot be
  // done; the engine's own, which are bugs, do not.
  if (error instanceof RangeError && error.message.startsWith("Cannot ")) return true;
  return SYSTEM.some((type) => error instanceof type);
}

/**
 * Runs a command and ends the process with its exit code. A mistake of the user's is one line on stderr and exit code 1;
 * anything else is a bug, and shows its stack.
 *
 * @param main The command; it gives the exit code.
 */
export async function run(main: () => Promise<number>): Promise<never> {
  let code: number;
  try {
    code = await main();
  } catch (error) {
    code = 1;
    warn(isUserError(error) ? `error: ${error.message.replaceAll(/\s*\n\s*/g, " ")}` : Deno.inspect(error));
  }
  exit(code);
}
