import { encodeCsv } from "../../src/data/csv.ts";
import { encodeNpy, type NpyArray } from "../../src/data/npy.ts";
import { assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { parseNpy } from "./npy.ts";

Deno.test("encodeNpy writes every type and shape so that they can be read back", () => {
  const cases: [NpyArray, number[], string][] = [
    [Float32Array.of(1.5, -2, NaN, Infinity, 1e-40, 3), [2, 3], "<f4"],
    [Float64Array.of(Math.PI, -0), [2, 1], "<f8"],
    [Int32Array.of(-1, 2 ** 31 - 1, 0), [3], "<i4"],
    [Uint8Array.of(0, 255, 7, 9), [1, 2, 2], "|u1"],
    [Float32Array.of(7), [], "<f4"],
    [new Float32Array(0), [0, 20], "<f4"],
  ];
  for (const [values, shape, descr] of cases) {
    assertEquals(parseNpy(encodeNpy(values, shape)), { descr, shape, values: [...values] });
  }
});

Deno.test("encodeNpy spells shapes as Python does and reads only its part of a longer buffer", () => {
  const header = (shape: number[], n: number) => new TextDecoder("latin1").decode(encodeNpy(new Uint8Array(n), shape));
  assertMatch(header([3], 3), /'shape': \(3,\), \}/);
  assertMatch(header([3, 1], 3), /'shape': \(3, 1\), \}/);
  assertMatch(header([], 1), /'shape': \(\), \}/);
  assertEquals(parseNpy(encodeNpy(Float32Array.of(1, 2, 3, 4).subarray(1, 3), [2])).values, [2, 3]);
});

Deno.test("encodeNpy refuses other types, and shapes that the values do not fill", () => {
  assertThrows(
    () => encodeNpy(new Float32Array(5), [2, 3]),
    TypeError,
    "Cannot encode .npy: expected 6 values for shape [2, 3], got 5",
  );
  assertThrows(() => encodeNpy([1] as never, [1]), TypeError, "got Array");
  assertThrows(() => encodeNpy(new Float32Array(1), [0.5]), RangeError, "integers from 0 up, got 0.5");
});

Deno.test("encodeCsv names the columns and keeps every float32, with labels and without", () => {
  const codes = Float32Array.of(0.1, -1 / 3, 3e38, 1e-40, 16777217, -0);
  const lines = encodeCsv(codes, 3).split("\n");
  assertEquals([lines[0], lines.length, lines[3]], ["z0,z1,z2", 4, ""]);
  assertEquals(Float32Array.from(lines.slice(1, 3).flatMap((line) => line.split(",").map(Number))), codes.with(5, 0));
  assertEquals(encodeCsv(codes, 2, Uint8Array.of(9, 0, 255)).match(/^z0,z1,label$|,\d+$/gm), [
    "z0,z1,label",
    ",9",
    ",0",
    ",255",
  ]);
});

Deno.test("encodeCsv refuses rows that are not whole, and labels that are not one a row", () => {
  assertThrows(() => encodeCsv(new Float32Array(5), 3), TypeError, "got 5 values in rows of 3");
  assertThrows(() => encodeCsv(new Float32Array(6), 3, new Uint8Array(3)), TypeError, "rows of 3 and 3 labels");
});
