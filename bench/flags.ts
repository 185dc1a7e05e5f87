import { parseArgs } from "node:util";

/** A flag's value: the type of its default is the type it is read as. */
type Value = number | string | boolean | readonly number[];
type Widened<T> = { [K in keyof T]: T[K] extends number ? number : T[K] extends string ? string : T[K] };

/**
 * The flags of a script, by their defaults: `--batches 128,512` for a list of numbers, `--quick` for a boolean.
 *
 * @param defaults Every flag that there is, with its default.
 * @returns The values; an unknown flag, or text where a number is wanted, throws.
 */
export function readFlags<const T extends Readonly<Record<string, Value>>>(defaults: T): Widened<T> {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      { type: typeof value === "boolean" ? "boolean" as const : "string" as const },
    ]),
  );
  const { values } = parseArgs({ args: Deno.args, options, allowPositionals: true });
  const read = (name: string, like: Value): Value => {
    const given = values[name];
    if (typeof given !== "string") return given ?? like;
    if (typeof like === "string") return given;
    const numbers = given.split(",").map(Number);
    if (numbers.some(Number.isNaN)) throw new TypeError(`Cannot read --${name}: expected numbers, got ${given}`);
    return typeof like === "number" ? numbers[0] : numbers;
  };
  return Object.fromEntries(Object.entries(defaults).map(([name, like]) => [name, read(name, like)])) as Widened<T>;
}
