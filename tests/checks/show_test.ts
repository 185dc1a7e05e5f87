import { show, showText } from "../../src/checks/show.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("a text is shown with its control characters escaped", () => {
  assertEquals(showText("a\x1b[31mb\n\u202ec\u009bd"), "a\\u001b[31mb\\u000a\\u202ec\\u009bd");
});

Deno.test("a text is cut at 200 characters as they are shown, and never within one", () => {
  assertEquals(showText("x".repeat(200)), "x".repeat(200));
  assertEquals(showText("x".repeat(201)), `${"x".repeat(200)}…`);
  assertEquals(showText("😀".repeat(300)), `${"😀".repeat(100)}…`);
  assertEquals(showText("\x00".repeat(300)), `${"\\u0000".repeat(33)}…`);
  assertEquals(showText("a\ud800b"), "a\\ud800b");
});

Deno.test("a value is shown for what it is", () => {
  const values = [1.5, -0, NaN, "relu", [3, "x", [2]], null, undefined, 5n, true, {}, new Map(), new Float32Array(4)];
  assertEquals(values.map(show), [
    "1.5",
    "-0",
    "NaN",
    '"relu"',
    '[3, "x", an array]',
    "null",
    "none",
    "5n",
    "true",
    "an object",
    "a Map",
    "a Float32Array of 4",
  ]);
  assertEquals(show(new ArrayBuffer(3)), "an ArrayBuffer of 3 bytes");
  assertEquals(show(new Uint8Array(2)), "a Uint8Array of 2");
  assertEquals(show(Object.create(null)), "an object");
  assertEquals(show({ constructor: 5 }), "an object");
});

Deno.test("what is shown of a value is short, whatever it holds", () => {
  const deep: unknown[] = [];
  for (let i = 0, at = deep; i < 10_000; i++) at.push(at = []);
  class A {}
  Object.defineProperty(A, "name", { value: "n".repeat(1e5) });
  for (
    const value of ["x".repeat(1e7), Array(1e6).fill("y".repeat(1e3)), deep, 10n ** 5000n, new A(), {
      x: "z".repeat(1e6),
    }]
  ) {
    assert(show(value).length < 220);
  }
});
