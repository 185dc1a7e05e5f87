import { assertEquals, assertMatch } from "../assert.ts";

/** Reads format 1.0 as its specification says, from the outside in. */
export function parseNpy(file: Uint8Array): { descr: string; shape: number[]; values: number[] } {
  assertEquals([...file.subarray(0, 8)], [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(file.buffer, file.byteOffset), length = view.getUint16(8, true), start = 10 + length;
  assertEquals(start % 64, 0);
  const header = new TextDecoder().decode(file.subarray(10, start));
  assertMatch(header, /^\{'descr': '[<|][fiu]\d', 'fortran_order': False, 'shape': \([\d, ]*\), \} *\n$/);
  const [, descr] = header.match(/'descr': '(.*?)'/)!, [, tuple] = header.match(/\((.*?)\)/)!;
  const shape = tuple.split(",").filter((part) => part.trim() !== "").map(Number);
  const read: Record<string, (at: number) => number> = {
    "<f4": (at) => view.getFloat32(at, true),
    "<f8": (at) => view.getFloat64(at, true),
    "<i4": (at) => view.getInt32(at, true),
    "|u1": (at) => view.getUint8(at),
  };
  const values = [];
  for (let at = start; at < file.length; at += Number(descr[2])) values.push(read[descr](at));
  return { descr, shape, values };
}
