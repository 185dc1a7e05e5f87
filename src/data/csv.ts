/**
 * Latent codes as comma-separated values: a header `z0,z1,…` and, where there are labels, `label`, then a line an example.
 * Nine digits are enough to get the same float32 back.
 *
 * @param codes [N, Z], row by row.
 * @param width Z, at least 1.
 * @param labels [N].
 * @returns The text, each line ended by a newline.
 * @throws {TypeError} If the codes do not fill their rows, or there are not as many labels as rows.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(encodeCsv(Float32Array.of(0.25, 2, -3, 4), 2, Uint8Array.of(7, 8)), "z0,z1,label\n0.25,2,7\n-3,4,8\n");
 * ```
 */
export function encodeCsv(codes: Float32Array, width: number, labels?: Uint8Array): string {
  const rows = codes.length / width;
  if (!Number.isInteger(rows) || (labels && labels.length !== rows)) {
    const got = `${codes.length} values in rows of ${width}${labels ? ` and ${labels.length} labels` : ""}`;
    throw new TypeError(`Cannot encode CSV: expected whole rows, and a label for each or none at all, got ${got}`);
  }
  const names = Array.from({ length: width }, (_, j) => `z${j}`),
    lines = [[...names, ...labels ? ["label"] : []].join()];
  for (let i = 0; i < rows; i++) {
    const row = Array.from(codes.subarray(i * width, (i + 1) * width), (value) => Number(value.toPrecision(9)));
    if (labels) row.push(labels[i]!);
    lines.push(row.join());
  }
  return lines.map((line) => `${line}\n`).join("");
}
