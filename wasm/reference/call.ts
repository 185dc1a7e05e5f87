import type { Buffers, Entry, Numbers, Values } from "./entry.ts";

/** A kernel's buffers laid out in memory, its inputs filled in. */
export type Call = {
  /** The arguments after `part` and `parts`. */
  readonly args: number[];
  /** The inputs as they were written. */
  readonly given: Buffers;
  /** The inputs in place, by name; views hold until the memory grows. */
  readonly inputs: Buffers;
  /** The outputs in place. */
  readonly outputs: Buffers;
};

/** How {@linkcode prepare} is to lay the buffers out. */
export type PrepareOptions = {
  readonly memory: WebAssembly.Memory;
  /** The address of a new buffer of so many bytes. */
  place(bytes: number, name: string): number;
  /** Into how many parts the call will be cut; 1 by default. */
  readonly parts?: number;
  /** What the kernels export as GEMM_SCRATCH. */
  readonly scratchBytes: number;
  /** Outputs to put where an input is, by name. */
  readonly alias?: Readonly<Record<string, string>>;
};

/** Lays out one case of a kernel in memory, to be called any number of times. */
export function prepare(entry: Entry, size: Numbers, options: PrepareOptions): Call {
  const { memory, place, parts = 1, scratchBytes, alias = {} } = options;
  const given = entry.inputs(size), results = entry.outputs(size, parts);
  const at: Record<string, number> = {};
  for (const [name, values] of Object.entries({ ...results, ...given })) {
    if (!(name in alias)) at[name] = place(values.byteLength, name);
  }
  for (const [output, input] of Object.entries(alias)) at[output] = at[input];
  if (entry.scratch) at.scratch = place(parts * scratchBytes, "scratch");

  const args = entry.args(at, size);
  if (!args.every((arg) => typeof arg === "number")) {
    throw new Error(`Cannot call ${entry.kernel.name}: expected numbers, got ${args.join(", ")}`);
  }
  const inputs = views(memory, at, given);
  for (const name in inputs) inputs[name].set(given[name]);
  return { args, given, inputs, outputs: views(memory, at, results) };
}

function views(memory: WebAssembly.Memory, at: Numbers, like: Buffers): Buffers {
  const view = (values: Values, pointer: number) => {
    const View = values.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => Values;
    return new View(memory.buffer, pointer, values.length);
  };
  return Object.fromEntries(Object.entries(like).map(([name, values]) => [name, view(values, at[name])]));
}
