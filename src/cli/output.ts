import { UserError } from "./user_error.ts";

/** Characters that a terminal obeys; lines and tabs are ours. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** A line as it may go to a terminal: names of files and texts in them are foreign. */
function harmless(line: string): string {
  return line.replace(CONTROL, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Writes all of a text, though a pipe may take only a part of it at a time. */
function writeAll(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += to.writeSync(bytes.subarray(written));
}

/** Standard output that cannot be written: a closed pipe, a full disk. */
export class OutputError extends UserError {}

/**
 * Prints a line on standard output. `console.log` ignores a pipe that was closed, and throws an error of no known class
 * when the disk is full.
 *
 * @throws {OutputError} If it cannot be written.
 */
export function print(line: string): void {
  try {
    writeAll(Deno.stdout, `${harmless(line)}\n`);
  } catch (cause) {
    const why = cause instanceof Deno.errors.BrokenPipe ? "its reader is gone" : (cause as Error).message;
    throw new OutputError(`Cannot write to standard output: ${why}`, { cause });
  }
}

/** Prints a line on standard error; where that cannot be written nobody is there to be told. */
export function warn(line: string): void {
  try {
    writeAll(Deno.stderr, `${harmless(line)}\n`);
  } catch {
    // What is lost is a note, never a result.
  }
}
