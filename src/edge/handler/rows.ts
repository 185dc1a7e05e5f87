import type { Array2D } from "../arrays.ts";
import { describe, refuse } from "./refusal.ts";

/** What rows a route wants. */
export type Wanted = {
  /** What they are called. */
  readonly name: "x" | "z";
  readonly cols: number;
  /** The least and the greatest value. */
  readonly support: readonly [low: number, high: number];
  readonly maxBatch: number;
};

function checkCount(rows: number, { name, cols, maxBatch }: Wanted): void {
  const wanted = `from 1 to ${maxBatch} rows of ${cols} numbers`;
  if (rows === 0) throw refuse(400, `Cannot read ${name}`, wanted, "none");
  if (rows > maxBatch) throw refuse(413, `Cannot read ${name}`, wanted, `${rows}`);
}

/**
 * Rows of JSON: an array of arrays of numbers.
 *
 * @throws {Refusal} 400 if they are not numbers that float32 has, in rows of one length; 413 if there are too many; 422 if
 * a value is out of the support.
 */
export function rowsOfJson(value: unknown, wanted: Wanted): Array2D {
  const { name, cols } = wanted;
  if (!Array.isArray(value)) throw refuse(400, `Cannot read ${name}`, `an array of rows of ${cols}`, describe(value));
  checkCount(value.length, wanted);
  const data = new Float32Array(value.length * cols);
  value.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== cols) {
      throw refuse(400, `Cannot read ${name}[${i}]`, `an array of ${cols}`, describe(row));
    }
    for (let j = 0; j < cols; j++) {
      // A number that is none would become one.
      if (typeof row[j] !== "number") {
        throw refuse(400, `Cannot read ${name}[${i}][${j}]`, "a number", describe(row[j]));
      }
      data[i * cols + j] = row[j];
    }
  });
  return checkValues({ data, shape: [value.length, cols] }, wanted);
}

/**
 * Rows of raw bytes: float32, little-endian.
 *
 * @param shape The header `x-shape`: `rows,cols`.
 * @throws {Refusal} 400 if the header is missing or wrong, bytes are too few or too many, or a value is not finite; 413 if
 * there are too many rows; 422 if a value is out of the support.
 */
export function rowsOfBytes(bytes: Uint8Array<ArrayBuffer>, shape: string | null, wanted: Wanted): Array2D {
  const { name, cols } = wanted, form = `rows,${cols}`, sizes = shape?.match(/^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/);
  if (!sizes) throw refuse(400, "Cannot read the header x-shape", form, describe(shape ?? undefined));
  const rows = Number(sizes[1]);
  if (Number(sizes[2]) !== cols) throw refuse(400, "Cannot read the header x-shape", form, `${rows},${sizes[2]}`);
  checkCount(rows, wanted);
  if (bytes.length !== 4 * rows * cols) {
    throw refuse(400, `Cannot read ${name}`, `${4 * rows * cols} bytes for ${rows} rows of ${cols}`, `${bytes.length}`);
  }
  // WebAssembly is little-endian, and so is every machine that runs it.
  return checkValues({ data: new Float32Array(bytes.slice().buffer), shape: [rows, cols] }, wanted);
}

function checkValues(table: Array2D, { name, cols, support: [low, high] }: Wanted): Array2D {
  const { data } = table;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value >= low && value <= high && Math.abs(value) < Infinity) continue;
    const what = `Cannot read ${name}[${Math.floor(i / cols)}][${i % cols}]`;
    if (!Number.isFinite(value)) throw refuse(400, what, "a finite float32", `${value}`);
    throw refuse(422, what, `a value in [${low}, ${high}]`, `${value}`);
  }
  return table;
}
