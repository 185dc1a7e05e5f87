/** The safetensors format against files made at random, and against a reader that others wrote. */
import fc from "npm:fast-check@4.10.2";
import { safetensors as jax } from "npm:@jax-js/loaders@0.1.1";
import { CheckpointError } from "../src/checkpoint_error.ts";
import { decodeSafetensors, type Dtype, encodeSafetensors, type Safetensors } from "../src/safetensors.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { safetensorsFile as file } from "./safetensors_file.ts";

const WIDTHS = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, I16: 2, U8: 1, BOOL: 1 } as const;

/** Any text that UTF-8 can hold, names of inherited properties among it. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("__proto__", "toString", "0", "a.b"),
);

const tensor = fc.record({
  dtype: fc.constantFrom(...Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]),
  shape: fc.array(fc.nat(4), { maxLength: 3 }),
  seed: fc.nat(255),
}).map(({ dtype, shape, seed }) => {
  const length = shape.reduce((product, size) => product * size, WIDTHS[dtype] as number);
  return { dtype: dtype as Dtype, shape, data: Uint8Array.from({ length }, (_, i) => seed + 7 * i) };
});

const contents = fc.record({
  tensors: fc.uniqueArray(fc.tuple(text.filter((name) => name !== "__metadata__"), tensor), {
    selector: ([name]) => name,
    maxLength: 6,
  }).map((entries) => new Map(entries)),
  metadata: fc.array(fc.tuple(text, text), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
});

/** What a file decodes to, or nothing if it is refused as it should be; any other error passes through. */
function decoded(bytes: Uint8Array): Safetensors | undefined {
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (error instanceof CheckpointError && error.message.startsWith("Cannot read checkpoint: expected ")) return;
    throw error;
  }
}

/** What was accepted must be fit to be written, and to be read again as the same. */
function assertSound(bytes: Uint8Array): boolean {
  const result = decoded(bytes);
  if (result === undefined) return false;
  assertEquals(decodeSafetensors(encodeSafetensors(result.tensors, result.metadata)), result);
  return true;
}

Deno.test("decodeSafetensors gives back what encodeSafetensors was given", () => {
  fc.assert(
    fc.property(contents, ({ tensors, metadata }) => {
      const bytes = encodeSafetensors(tensors, metadata);
      assertEquals(decodeSafetensors(bytes), { tensors, metadata });
      assertEquals(encodeSafetensors(new Map([...tensors].reverse()), metadata), bytes);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

Deno.test("decodeSafetensors refuses a file cut or extended anywhere", () => {
  const data = new Uint8Array(8);
  const bytes = encodeSafetensors(
    new Map([["a", { dtype: "F32", shape: [2], data }], ["b", { dtype: "U8", shape: [3], data: data.subarray(5) }]]),
    { key: "value" },
  );
  for (let length = 0; length < bytes.length + 20; length++) {
    if (length === bytes.length) continue;
    const other = new Uint8Array(length);
    other.set(bytes.subarray(0, length));
    assertThrows(() => decodeSafetensors(other), CheckpointError);
  }
});

Deno.test("decodeSafetensors keeps its messages short and its stack shallow", () => {
  const deep = "[".repeat(60_000) + "]".repeat(60_000);
  const long = "x".repeat(60_000);
  for (
    const header of [
      `{"a":${deep}}`,
      `{"a":{"dtype":"U8","shape":${deep}}}`,
      `{"a":{"dtype":"${long}"}}`,
      `{"${long}":1}`,
    ]
  ) {
    const { message } = assertThrows(() => decodeSafetensors(file(header)), CheckpointError);
    assert(message.length < 450, message);
  }
});

Deno.test("decodeSafetensors accepts or refuses any change of bytes, and throws nothing else", () => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.constantFrom(0, 1, 1, 1, 2, 8, 40),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom("[", "{", "}", ",", '"', "0", "-", "1e9", "null", "\\ud800", '"__proto__":', '"dtype":"U8",', " ")
        .map((json) => new TextEncoder().encode(json)),
    ),
    within: fc.constantFrom("length", "header", "anywhere"),
    mend: fc.boolean(),
  });
  let accepted = 0;
  let runs = 0;
  fc.assert(
    fc.property(contents, fc.array(change, { minLength: 1, maxLength: 3 }), ({ tensors, metadata }, changes) => {
      let bytes: Uint8Array = encodeSafetensors(tensors, metadata);
      for (const { at, remove, insert, within, mend } of changes) {
        const before = bytes.length;
        const headerLength = before < 8 ? 0 : new DataView(bytes.buffer).getUint32(0, true);
        const range = within === "length" ? 8 : within === "header" ? headerLength + 8 : before;
        const start = Math.min(before, (mend ? 8 : 0) + at % (range + 1));
        bytes = Uint8Array.of(...bytes.slice(0, start), ...insert, ...bytes.slice(start + remove));
        // Mended, the length field counts what was changed in the header, so that the change reaches the JSON.
        if (mend && bytes.length >= 8) {
          new DataView(bytes.buffer).setUint32(0, Math.max(0, headerLength + bytes.length - before), true);
        }
      }
      runs++;
      if (assertSound(bytes)) accepted++;
    }),
    { seed: 2, numRuns: 10000 },
  );
  assert(accepted > runs / 50 && accepted < runs / 2, `${accepted} of ${runs} accepted`);
});

Deno.test("decodeSafetensors accepts or refuses any JSON as its header, and throws nothing else", () => {
  const member = (key: string, usual: fc.Arbitrary<unknown>) =>
    fc.tuple(fc.constant(key), fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: fc.jsonValue(), weight: 1 }));
  const entry = fc.tuple(
    member("dtype", fc.constantFrom("U8", "BOOL")),
    member("shape", fc.constantFrom([], [1], [1, 1], [0])),
    member("data_offsets", fc.constantFrom([0, 1], [0, 0], [1, 1])),
  ).map((members) => Object.fromEntries(members));
  const header = fc.dictionary(text, fc.oneof({ arbitrary: entry, weight: 5 }, fc.jsonValue()), { maxKeys: 3 });
  let accepted = 0;
  fc.assert(
    fc.property(header, fc.nat(1), (value, dataLength) => {
      if (assertSound(file(JSON.stringify(value), dataLength))) accepted++;
    }),
    { seed: 3, numRuns: 5000 },
  );
  assert(accepted > 100 && accepted < 4000, `${accepted} accepted`);
});

Deno.test("decodeSafetensors accepts exactly the spans that cover each byte once", () => {
  const cuts = fc.array(fc.nat(3), { maxLength: 5 });
  const nudges = fc.array(fc.tuple(fc.nat(4), fc.integer({ min: -1, max: 1 }), fc.integer({ min: -1, max: 1 })), {
    maxLength: 2,
  });
  let accepted = 0;
  fc.assert(
    fc.property(cuts, nudges, fc.integer({ min: -1, max: 1 }), fc.boolean(), (lengths, nudges, longer, reverse) => {
      let total = 0;
      const spans = lengths.map((length) => [total, total += length]);
      for (const [i, begin, end] of nudges) if (i < spans.length) spans[i] = [spans[i][0] + begin, spans[i][1] + end];
      if (reverse) spans.reverse();
      const size = Math.max(0, nudges.length > 0 ? total + longer : total);

      const inOrder = spans.every(([begin, end]) => 0 <= begin && begin <= end && end <= size);
      const once = Array.from({ length: size }, (_, i) => spans.filter(([begin, end]) => begin <= i && i < end).length)
        .every((count) => count === 1);
      const inside = spans.some(([at, end]) => at === end && spans.some(([from, to]) => from < at && at < to));

      const header = spans.map((
        [begin, end],
        i,
      ) => [i, { dtype: "U8", shape: [end - begin], data_offsets: [begin, end] }]);
      const valid = inOrder && once && !inside;
      assertEquals(decoded(file(JSON.stringify(Object.fromEntries(header)), size)) !== undefined, valid);
      if (valid) accepted++;
    }),
    { seed: 4, numRuns: 5000 },
  );
  assert(accepted > 500 && accepted < 4500, `${accepted} accepted`);
});

Deno.test("encodeSafetensors writes files that jax-js reads as the same tensors", () => {
  fc.assert(
    fc.property(contents, ({ tensors, metadata }) => {
      tensors.delete("__proto__"); // jax-js collects tensors in an object
      const bytes = encodeSafetensors(tensors, metadata);
      const read = jax.parse(bytes);
      assertEquals(read.metadata ?? {}, metadata);
      assertEquals(read.totalSize, bytes.length);
      assertEquals(Object.keys(read.tensors).sort(), [...tensors.keys()].sort());
      for (const [name, { dtype, shape, data }] of tensors) {
        const { buffer, byteOffset, byteLength } = read.tensors[name].data;
        const theirs = new Uint8Array(buffer, byteOffset, byteLength);
        assertEquals({ ...read.tensors[name], data: theirs }, { dtype, shape, data });
      }
    }),
    { seed: 5, numRuns: 1000 },
  );
});

Deno.test("encodeSafetensors writes floats that jax-js reads as the same numbers", () => {
  const kernel = Float32Array.of(1.5, -0, NaN, Infinity, 1e-45, Math.fround(Math.PI));
  const bytes = encodeSafetensors(
    new Map([["kernel", { dtype: "F32", shape: [3, 2], data: new Uint8Array(kernel.buffer) }]]),
    {},
  );
  assertEquals(jax.parse(bytes).tensors.kernel, { dtype: "F32", shape: [3, 2], data: kernel });
});
