import { escaped } from "../checks/show.ts";
import { UserError } from "./user_error.ts";

/** A line as it may go to a terminal: names of files and texts in them are foreign. */
function harmless(line: string): string {
  return line.replace(/[^\n\t]+/g, escaped); // line feeds and tabs are ours
}

/** Milliseconds between two attempts at a pipe that is full, if it was made not to block. */
const FULL = 5;

/** Writes all of a text, though a pipe may take only a part of it at a time. */
function writeAll(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += to.writeSync(bytes.subarray(written));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL);
    }
  }
}

/** Standard output that cannot be written: a closed pipe, a full disk. */
export class OutputError extends UserError {}

/**
 * Writes a text to standard output as it is. `console.log` ignores a pipe that was closed, and throws an error of no known
 * class when the disk is full.
 *
 * @throws {OutputError} If it cannot be written.
 */
export function printText(text: string): void {
  try {
    writeAll(Deno.stdout, text);
  } catch (cause) {
    const why = cause instanceof Deno.errors.BrokenPipe ? "its reader is gone" : (cause as Error).message;
    throw new OutputError(`Cannot write to standard output: ${why}`, { cause });
  }
}

/**
 * Prints a line on standard output.
 *
 * @throws {OutputError} If it cannot be written.
 */
export function print(line: string): void {
  printText(`${harmless(line)}\n`);
}

/** Writes a text to standard error as it is; where that cannot be done nobody is there to be told. */
export function warnText(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch {
    // What is lost is a note, never a result.
  }
}

/** Prints a line on standard error, as {@linkcode warnText} does. */
export function warn(line: string): void {
  warnText(`${harmless(line)}\n`);
}
