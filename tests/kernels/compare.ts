import type { Buffers, Entry, Expected, Numbers, Values } from "../../wasm/registry.ts";

/** The smallest normal float32: results below it lose precision or turn to zero. */
const UNDERFLOW = 2 ** -126;

/** The largest error of one output, in units of what its tolerance is multiplied with, and where it is. */
export type Worst = { readonly error: number; readonly index: number };

/** The largest |actual - value| / scale; infinite where a number is wrong that must be met exactly. */
export function worst(actual: Values, { value, scale }: Expected): Worst {
  let error = 0, index = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Object.is(actual[i], value[i])) continue;
    const difference = Math.abs(actual[i] - value[i]);
    if (scale && difference <= UNDERFLOW) continue;
    const here = scale ? difference / scale[i] : Infinity;
    if (!(here <= error)) [error, index] = [Number.isNaN(here) ? Infinity : here, i];
  }
  return { error, index };
}

/** What is wrong with a kernel's outputs, or nothing. */
export function faults(entry: Entry, size: Numbers, given: Buffers, outputs: Buffers): string[] {
  const expected = entry.reference(given, size), results = entry.result?.(outputs) ?? outputs;
  return Object.entries(expected).flatMap(([name, want]) => {
    const got = results[name], tolerance = entry.tolerance[name] ?? 0;
    if (got.length !== want.value.length) return [`${name}: expected ${want.value.length} elements, got ${got.length}`];
    const { error, index } = worst(got, want);
    if (error <= tolerance) return [];
    return [
      `${name}[${index}]: expected ${want.value[index]} within ${tolerance * (want.scale?.[index] ?? 0)}, ` +
      `got ${got[index]} (${error} of the scale, tolerance ${tolerance})`,
    ];
  });
}

/** Whether two arrays hold the same numbers; all NaN are one. */
export function identical(a: Values, b: Values): boolean {
  return a.length === b.length && (a as Float32Array).every((x, i) => Object.is(x, b[i]));
}
