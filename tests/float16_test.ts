import { fromFloat16, MOST_FLOAT16, toFloat16 } from "../src/float16.ts";
import { assert, assertEquals } from "./assert.ts";

/** The number that 16 bits stand for, by the definition of the format. */
function valueOf(half: number): number {
  const sign = half >>> 15 ? -1 : 1, exponent = half >>> 10 & 31, fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}

/** Every half there is. */
const ALL = Uint16Array.from({ length: 65536 }, (_, half) => half);

function floatsOf(halves: Uint16Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const out = new Float32Array(halves.length);
  fromFloat16(new Uint8Array(halves.buffer), out);
  return out;
}

const VALUES = floatsOf(ALL);

Deno.test("fromFloat16 gives every half's number exactly, at any alignment, with Float16Array and without", () => {
  VALUES.forEach((value, half) => assert(Object.is(value, valueOf(half)), `${half}: ${value}`));
  const shifted = new Uint8Array(3 + ALL.byteLength), bits = new Uint32Array(VALUES.buffer);
  // Views of halves begin at even addresses only; elsewhere they are read one by one.
  for (const at of [1, 2, 3]) {
    const out = new Float32Array(ALL.length);
    shifted.set(new Uint8Array(ALL.buffer), at);
    fromFloat16(shifted.subarray(at, at + ALL.byteLength), out);
    assertEquals(new Uint32Array(out.buffer), bits);
  }
});

Deno.test("toFloat16 gives every half's number its half", () => {
  toFloat16(VALUES).forEach((half, i) => {
    if (Number.isNaN(VALUES[i])) assert(Number.isNaN(valueOf(half)), `${i}: ${half}`);
    else assertEquals(half, i);
  });
});

Deno.test("toFloat16 rounds to the nearest half, and a tie to the even one", () => {
  const word = new Uint32Array(1), float = new Float32Array(word.buffer);
  /** The next float32 towards 0, or away from it. */
  const beside = (value: number, by: 1 | -1) => (float[0] = value, word[0] += by, float[0]);
  const below: number[] = [], ties: number[] = [], above: number[] = [], even: number[] = [];
  for (let half = 0; half < 0x7c00; half++) {
    // Above the largest half, rounding goes by the one that there would be next.
    const next = half + 1 === 0x7c00 ? 65536 : VALUES[half + 1], tie = (VALUES[half] + next) / 2;
    ties.push(tie);
    below.push(beside(tie, -1));
    above.push(beside(tie, 1));
    even.push(half + half % 2);
  }
  for (const sign of [1, -1]) {
    const rounded = (values: number[]) => [...toFloat16(Float32Array.from(values, (value) => sign * value))];
    const signed = (halves: number[]) => halves.map((half) => half | (sign < 0 ? 0x8000 : 0));
    assertEquals(rounded(ties), signed(even));
    assertEquals(rounded(below), signed(even.map((_, half) => half)));
    assertEquals(rounded(above), signed(even.map((_, half) => half + 1)));
  }
});

Deno.test("toFloat16 takes the ends of float32: subnormals to zero, all from 65520 on to infinity", () => {
  const values = Float32Array.of(
    2 ** -149,
    -(2 ** -149),
    2 ** -25,
    65504,
    65519.996,
    65520,
    3.4e38,
    Infinity,
    -Infinity,
    -0,
  );
  assertEquals([...toFloat16(values)], [0, 0x8000, 0, 0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0x8000]);
  assertEquals(VALUES[0x7bff], MOST_FLOAT16);
});
