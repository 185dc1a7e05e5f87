import fc from "npm:fast-check@4.10.2";
import { members } from "../src/json_members.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";

/** What `JSON.parse` makes of a text that is an object; undefined if it is none. */
function parsed(text: string): [string, unknown][] | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  } catch {
    return undefined;
  }
}

/** The same by `members`, whose values are parsed one by one, sorted as an object sorts its keys. */
function read(text: string): [string, unknown][] | undefined {
  try {
    return Object.entries(Object.fromEntries([...members(text)].map(([key, value]) => [key, JSON.parse(value)])));
  } catch (error) {
    assert(error instanceof SyntaxError, String(error));
    return undefined;
  }
}

Deno.test("members reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.nat(3), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      assertEquals(read(text), parsed(text));
    }),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("members accepts a text if, and only if, JSON.parse takes it for an object", () => {
  const piece = fc.constantFrom(
    ...'{}[]:,"\\ ',
    '"a"',
    '"b":',
    "1",
    "{}",
    "[1]",
    "null",
    '{"a":',
    "\n",
    "\u00a0",
    "\0",
  );
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, wrapped) => {
      const text = wrapped ? `{"k":[${pieces.join("")}]}` : `{${pieces.join("")}}`;
      const wanted = parsed(text);
      assertEquals(read(text), wanted, text);
      if (wanted) accepted++;
    }),
    { seed: 2, numRuns: 50_000 },
  );
  assert(accepted > 1000, `${accepted} accepted`);
});

Deno.test("members gives duplicates, and the texts of values as they stand", () => {
  assertEquals([...members(' {"a" : "}\\"," ,"a":[{"b":1}] , "\\u0062":-1e3}\n')], [
    ["a", ' "}\\"," '],
    ["a", '[{"b":1}] '],
    ["b", "-1e3"],
  ]);
  assertEquals([...members("{ }")], []);
  for (const text of ["", "[]", "{", '{"a":1}{', '{"a":1]', '{"a"}', "{1:2}", '{"a":1,}', "null", '{"a', '{"a\\']) {
    assertThrows(() => [...members(text)], SyntaxError);
  }
});
