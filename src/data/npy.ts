/**
 * NumPy's own file format, version 1.0 (numpy.lib.format, NEP 1), which `numpy.load` reads.
 *
 * ```text
 * byte 0 to 5      "\x93NUMPY"
 * byte 6, 7        version 1, 0
 * byte 8, 9        length of the header, little-endian uint16
 * the header       a Python dict of descr, fortran_order and shape, padded with spaces to a multiple of 64 with a newline
 * the rest         the elements, the last dimension fastest, little-endian
 * ```
 */

/** Arrays that have a type in NumPy. */
export type NpyArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** NumPy's name of an array's type. */
function typeOf(values: NpyArray): string {
  if (values instanceof Float32Array) return "<f4";
  if (values instanceof Float64Array) return "<f8";
  if (values instanceof Int32Array) return "<i4";
  if (values instanceof Uint8Array) return "|u1";
  const got = (values as unknown)?.constructor?.name ?? String(values);
  throw new TypeError(
    `Cannot encode .npy: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got ${got}`,
  );
}

/**
 * Encodes an array as an `.npy` file of format 1.0.
 *
 * @param values The elements, the last dimension fastest: float32, float64, int32 or uint8.
 * @param shape The array's dimensions, integers of at least 0; `[]` is a single number.
 * @returns The bytes of the file, the same for the same arguments.
 * @throws {TypeError} If the elements are of another type, or not as many as the shape says.
 * @throws {RangeError} If a dimension is not an integer from 0 up.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const file = encodeNpy(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
 * assert.equal(file.length, 128 + 6 * 4);
 * assert.match(new TextDecoder("latin1").decode(file), /NUMPY.*'descr': '<f4', .*'shape': \(2, 3\)/s);
 * ```
 */
export function encodeNpy(values: NpyArray, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const descr = typeOf(values);
  for (const size of shape) {
    if (Number.isSafeInteger(size) && size >= 0) continue;
    throw new RangeError(`Cannot encode .npy: expected dimensions to be integers from 0 up, got ${size}`);
  }
  const wanted = shape.reduce((product, size) => product * size, 1);
  if (values.length !== wanted) {
    throw new TypeError(
      `Cannot encode .npy: expected ${wanted} values for shape [${shape.join(", ")}], got ${values.length}`,
    );
  }
  // Python's own spelling of a tuple: one of a single element ends in a comma.
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64, { buffer, byteOffset, byteLength } = values;
  const file = new Uint8Array(start + byteLength).fill(0x20, 0, start);
  file.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(file.buffer).setUint16(8, start - 10, true);
  file.set(new TextEncoder().encode(dict), 10);
  file[start - 1] = 0x0a;
  // As they lie in memory: typed arrays are little-endian wherever WebAssembly's threads run.
  file.set(new Uint8Array(buffer, byteOffset, byteLength), start);
  return file;
}
