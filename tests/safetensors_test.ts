import { CheckpointError } from "../src/checkpoint_error.ts";
import { decodeSafetensors, type Dtype, encodeSafetensors, type TensorEntry } from "../src/safetensors.ts";
import { safetensorsFile as file } from "./safetensors_file.ts";
import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "./assert.ts";

const WIDTHS = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};
const DTYPES = Object.keys(WIDTHS) as Dtype[];

/** A tensor whose bytes count up from `first`. */
function entry(dtype: Dtype, shape: readonly number[], first = 1): TensorEntry {
  const length = shape.reduce((product, size) => product * size, WIDTHS[dtype] as number);
  return { dtype, shape, data: Uint8Array.from({ length }, (_, i) => (first + i) % 256) };
}

Deno.test("encodeSafetensors writes a length, a padded header and the data", () => {
  const bytes = encodeSafetensors(new Map([["w", entry("F32", [1, 2], 0x41)]]), { by: "elbo" });
  const header = '{"__metadata__":{"by":"elbo"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   ';
  assertEquals(header.length, 88);
  assertEquals(new TextDecoder().decode(bytes), `X${"\0".repeat(7)}${header}ABCDEFGH`);
});

Deno.test("encodeSafetensors and decodeSafetensors keep every type and shape", () => {
  const tensors = new Map<string, TensorEntry>();
  for (const dtype of DTYPES) {
    for (const shape of [[], [0], [3], [2, 0, 5], [1, 1, 1, 1], [3, 5]]) {
      tensors.set(`${dtype} ${shape}`, entry(dtype, shape, tensors.size));
    }
  }
  assertEquals(decodeSafetensors(encodeSafetensors(tensors, { a: "", "": "b" })), {
    tensors,
    metadata: { a: "", "": "b" },
  });
});

Deno.test("encodeSafetensors writes a file of nothing", () => {
  const bytes = encodeSafetensors(new Map(), {});
  assertEquals(new TextDecoder().decode(bytes), `\b${"\0".repeat(7)}{}      `);
  assertEquals(decodeSafetensors(bytes), { tensors: new Map(), metadata: {} });
});

Deno.test("encodeSafetensors gives the same bytes whatever the order of insertion", () => {
  const names = ["0", "10", "9", "b", "a", "é", "🙂", "", "constructor", "__proto__", 'a\n"\\'];
  const entries = names.map((name, i) => [name, entry(DTYPES[i], [i % 3], i)] as const);
  const notes = names.map((name) => [name, `note on ${name}`] as [string, string]);
  const bytes = encodeSafetensors(new Map(entries), Object.fromEntries(notes));
  assertEquals(bytes, encodeSafetensors(new Map(entries), Object.fromEntries(notes)));
  assertEquals(bytes, encodeSafetensors(new Map(entries.toReversed()), Object.fromEntries(notes.toReversed())));
  assertNotEquals(bytes, encodeSafetensors(new Map(entries), {}));
  const { tensors, metadata } = decodeSafetensors(bytes);
  assertEquals(tensors, new Map(entries));
  assertEquals(Object.entries(metadata).sort(), notes.toSorted());
  assertEquals([...encodeSafetensors(tensors, metadata)], [...bytes]);
});

Deno.test("encodeSafetensors aligns the data section to 8 bytes and each tensor to its element size", () => {
  for (let length = 0; length < 20; length++) {
    const tensors = new Map(DTYPES.map((dtype, i) => [`${dtype}${"x".repeat(i ? 0 : length)}`, entry(dtype, [3])]));
    const bytes = encodeSafetensors(tensors, {});
    assertEquals(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
    for (const { dtype, data } of decodeSafetensors(bytes).tensors.values()) {
      assertEquals(data.byteOffset % WIDTHS[dtype], 0);
    }
  }
});

Deno.test("decodeSafetensors returns views of its argument", () => {
  const encoded = encodeSafetensors(new Map([["b", entry("U8", [2])], ["a", entry("I32", [1], 9)]]), {});
  for (const buffer of [new ArrayBuffer(encoded.length + 7), new SharedArrayBuffer(encoded.length + 7)]) {
    const bytes = new Uint8Array(buffer, 3, encoded.length);
    bytes.set(encoded);
    const { tensors } = decodeSafetensors(bytes);
    assertEquals([...tensors.keys()], ["a", "b"]);
    assertStrictEquals(tensors.get("b")!.data.buffer, buffer);
    assertEquals([...tensors.get("a")!.data], [9, 10, 11, 12]);
    bytes[bytes.length - 1] = 77;
    assertEquals([...tensors.get("b")!.data], [1, 77]);
  }
});

Deno.test("decodeSafetensors reads what other writers may write", () => {
  const header = ` "b":{"data_offsets":[4,6],"shape":[2,1],"dtype":"U8","extra":[{}]},
    "none":{"dtype":"F64","shape":[4,0],"data_offsets":[4,4]},"__metadata__":{},
    "a":{"dtype":"F64","shape":[9],"data_offsets":[0,72]},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}\r\n\t `;
  const { tensors, metadata } = decodeSafetensors(file(`{${header}`, 6));
  assertEquals(metadata, {});
  assertEquals([...tensors], [
    ["a", { dtype: "F16", shape: [2], data: new Uint8Array(4) }],
    ["none", { dtype: "F64", shape: [4, 0], data: new Uint8Array(0) }],
    ["b", { dtype: "U8", shape: [2, 1], data: new Uint8Array(2) }],
  ]);
});

Deno.test("decodeSafetensors takes names of inherited properties for names", () => {
  const { tensors, metadata } = decodeSafetensors(file(
    '{"__metadata__":{"__proto__":"p","toString":"t"},"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
    1,
  ));
  assertEquals(tensors.get("__proto__"), { dtype: "U8", shape: [1], data: new Uint8Array(1) });
  assertEquals(Object.entries(metadata), [["__proto__", "p"], ["toString", "t"]]);
  assertStrictEquals(Object.getPrototypeOf(metadata), Object.prototype);
  assertStrictEquals(({} as Record<string, unknown>).dtype, undefined);
  const inherited = '{"a":{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}}';
  assertThrows(() => decodeSafetensors(file(inherited, 1)), CheckpointError, 'as dtype of tensor "a", got none');
  for (const dtype of ["constructor", "__proto__", "toString"]) {
    assertThrows(
      () => decodeSafetensors(file(JSON.stringify({ a: { dtype, shape: [1], data_offsets: [0, 4] } }), 4)),
      CheckpointError,
      `got "${dtype}"`,
    );
  }
});

Deno.test("decodeSafetensors does not look at what a polluted Object.prototype offers", () => {
  const polluted = Object.prototype as unknown as Record<string, unknown>;
  try {
    polluted.dtype = "U8";
    polluted.__metadata__ = { from: "elsewhere" };
    const header = '{"a":{"shape":[1],"data_offsets":[0,1]}}';
    assertThrows(() => decodeSafetensors(file(header, 1)), CheckpointError, 'as dtype of tensor "a", got none');
    assertEquals(Object.keys(decodeSafetensors(file("{}")).metadata), []);
  } finally {
    delete polluted.dtype;
    delete polluted.__metadata__;
  }
});
