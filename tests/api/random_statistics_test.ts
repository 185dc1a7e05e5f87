/** A million draws have the moments that they should, and know nothing of each other. */
import { foldIn, type Key, key, random, split } from "../../mod.ts";
import { assert, assertAlmostEquals } from "../assert.ts";
import { floatsOf } from "./model.ts";

const N = 1_000_000;

/** Standard errors that a statistic may be off: the draws are fixed, so this either always holds or never. */
const SIGMAS = 4;

function draw(kind: "normal" | "uniform", k: Key): Float32Array {
  const t = random[kind](k, [N]), values = floatsOf(t).slice();
  t.dispose();
  return values;
}

function mean(values: Float32Array, f: (x: number, i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += f(values[i], i);
  return sum / values.length;
}

Deno.test("normal has the moments and tails of N(0, 1)", () => {
  const x = draw("normal", key(100)), error = (variance: number) => SIGMAS * Math.sqrt(variance / N);
  // Variance of x^p: E x^2p - (E x^p)^2.
  for (const [p, wanted, variance] of [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96], [6, 15, 10170]]) {
    assertAlmostEquals(mean(x, (v) => v ** p), wanted, error(variance), `moment ${p}`);
  }
  for (const [beyond, p] of [[1, 0.3173105], [2, 0.0455003], [3, 0.0026998], [4, 6.334e-5]]) {
    assertAlmostEquals(mean(x, (v) => +(Math.abs(v) > beyond)), p, error(p * (1 - p)), `beyond ${beyond}`);
  }
});

Deno.test("uniform fills [0, 1) evenly", () => {
  const x = draw("uniform", key(101)), counts = new Float64Array(1024);
  x.forEach((v) => counts[Math.floor(v * 1024)]++);
  const expected = N / 1024, chi2 = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
  assertAlmostEquals(chi2, 1023, SIGMAS * Math.sqrt(2 * 1023), "chi-square of 1024 bins");
  assert(x.every((v) => v >= 0 && v < 1));
  assertAlmostEquals(mean(x, (v) => v), 0.5, SIGMAS * Math.sqrt(1 / 12 / N));
  assertAlmostEquals(mean(x, (v) => (v - 0.5) ** 2), 1 / 12, SIGMAS * Math.sqrt(1 / 180 / N));
});

Deno.test("each of the 32 bits is 1 half of the time, whatever the others are", () => {
  const t = random.bits(key(102), [N]), words = t.dataSync<"int32">(), limit = SIGMAS * Math.sqrt(0.25 / N);
  for (let bit = 0; bit < 32; bit++) {
    let ones = 0, changes = 0;
    for (let i = 0; i < N; i++) {
      ones += words[i] >>> bit & 1;
      changes += (words[i] >>> bit ^ words[i] >>> (bit + 1) % 32) & 1;
    }
    assertAlmostEquals(ones / N, 0.5, limit, `bit ${bit}`);
    assertAlmostEquals(changes / N, 0.5, limit, `bits ${bit} and ${(bit + 1) % 32}`);
  }
  t.dispose();
});

Deno.test("neighbours in a draw are not correlated", () => {
  const x = draw("normal", key(103));
  for (const lag of [1, 2, 4, 16, 784]) {
    assertAlmostEquals(mean(x, (v, i) => v * (x[i + lag] ?? 0)), 0, SIGMAS / Math.sqrt(N), `lag ${lag}`);
    const squares = mean(x, (v, i) => (v * v - 1) * ((x[i + lag] ?? 1) ** 2 - 1));
    assertAlmostEquals(squares, 0, SIGMAS * 2 / Math.sqrt(N), `squares at lag ${lag}`);
  }
});

Deno.test("draws of related keys are not correlated", () => {
  const k = key(104),
    pairs: [string, Key, Key][] = [
      ["seeds that follow each other", key(104), key(105)],
      ["a key and its child", k, split(k)[0]],
      ["two children", split(k)[0], split(k)[1]],
      ["two steps", foldIn(k, 1000), foldIn(k, 1001)],
      ["a child and a grandchild", foldIn(k, 1), foldIn(foldIn(k, 1), 1)],
    ];
  for (const [name, a, b] of pairs) {
    const x = draw("normal", a), y = draw("normal", b);
    assertAlmostEquals(mean(x, (v, i) => v * y[i]), 0, SIGMAS / Math.sqrt(N), name);
    assertAlmostEquals(mean(x, (v, i) => v * (y[i + 1] ?? 0)), 0, SIGMAS / Math.sqrt(N), `${name}, shifted`);
  }
});
