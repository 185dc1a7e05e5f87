/** What a measurement found: what was measured, under which conditions, and numbers whose names say their unit. */
export type Result = { readonly measure: string } & Readonly<Record<string, unknown>>;

/** Prints a result as one line of JSON, which is what all scripts print; no clock is good for more than five digits. */
export function print(result: Result): void {
  console.log(JSON.stringify(result, (_, value) => typeof value === "number" ? round(value) : value));
}

function round(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(5));
}
