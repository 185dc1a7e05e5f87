/** Numbers and tables as text. */
import type { Unit } from "./row.ts";

/** A Markdown table; `deno fmt` aligns it. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, i) => rows.every((row) => /^[-\d.]/.test(String(row[i]))) ? "--:" : "---");
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

/** Three digits, and no more zeros than it has. */
export function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toPrecision(2);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 3));
}

/** A value with its unit; a share is a fraction and becomes percent. */
export function quantity(value: number, unit: Unit): string {
  return unit === "%" ? `${(100 * value).toFixed(1)} %` : `${short(value)} ${unit}`;
}
