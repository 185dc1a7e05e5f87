/** Flags by Commander, with this project's kinds of values and this project's kind of errors. */
import { type Command, CommanderError, InvalidArgumentError, Option } from "npm:commander@15.1.0";
import { printText } from "./output.ts";
import { UserError } from "./run.ts";

export { Command, Option } from "npm:commander@15.1.0";

/** What a value has to be, in words, for the error message. */
function wanted(description: string): never {
  throw new InvalidArgumentError(`Expected ${description}.`);
}

/** A whole number from `min` to `max`, in decimal digits. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : wanted(`an integer ${range}`);
  };
}

/** A finite decimal number, at least 0 or above it. */
export function decimal({ above }: { above: boolean }): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    const good = Number.isFinite(value) && (above ? value > 0 : value >= 0);
    return good ? value : wanted(`a finite number ${above ? "above" : "of at least"} 0`);
  };
}

/** A decimal number of at least 0 and below 1. */
export function share(text: string): number {
  const value = decimal({ above: false })(text);
  return value < 1 ? value : wanted("a number of at least 0 and below 1");
}

/** Widths separated by commas, from the input on; `none` for none. */
export function widths(text: string): number[] {
  if (text === "none") return [];
  const one = integer(1);
  try {
    return text.split(",").map((width) => one(width.trim()));
  } catch {
    return wanted('positive integers separated by commas, such as 300,97, or "none"');
  }
}

/** A path or another text, which no flag is mistaken for: in `--out --json` the path was forgotten. */
export function text(value: string): string {
  if (value === "" || value.startsWith("--")) return wanted("a path (one that begins with -- is written ./--…)");
  return value;
}

/** A path of a file that is about to be written: the ending keeps a slip from overwriting a model. */
export function ending(...endings: readonly string[]): (text: string) => string {
  return (value) => {
    const good = endings.some((end) => text(value).toLowerCase().endsWith(end));
    return good ? value : wanted(`a path that ends in ${endings.join(" or ")}`);
  };
}

/** A flag of 0.1, which has another name now: it is refused with that name, and not shown by `--help`. */
export function renamed(flags: string, name: string): Option {
  return new Option(flags).hideHelp().argParser(() => wanted(`${name}, its name since 0.2`));
}

/** Flags as parsed: all of them, and those that were given. */
export type Flags<T> = { readonly all: T; readonly given: Partial<T> };

/**
 * Parses the command line.
 *
 * @param command The command with its options; its name is what the user types.
 * @param args The arguments after the command's name.
 * @returns The flags; undefined if the user asked for help, which has then been printed.
 * @throws {UserError} What was got, what was wanted, and where it is explained.
 */
export function parseFlags<T extends object>(command: Command, args: readonly string[]): Flags<T> | undefined {
  command
    .exitOverride()
    .allowExcessArguments(false)
    // Whether the terminal has colours would be asked of the environment, which takes a permission.
    .configureOutput({
      writeOut: printText,
      writeErr: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  // Under npm a `--` goes before the flags of a script; out of that habit it is typed here, too.
  const own = args[0] === "--" ? args.slice(1) : args;
  try {
    command.parse(own, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const message = error.message.replace(/^error: /, "").replaceAll("\n", " ").replace(/\.$/, "");
    throw new UserError(`${message}; see ${command.name()} --help`);
  }
  const all = command.opts<T>();
  const given = Object.entries(all).filter(([name]) => command.getOptionValueSource(name) === "cli");
  return { all, given: Object.fromEntries(given) as Partial<T> };
}
