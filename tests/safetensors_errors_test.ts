/** What the safetensors format refuses, and the words it has for that. */
import { CheckpointError } from "../src/checkpoint_error.ts";
import { decodeSafetensors, encodeSafetensors, type TensorEntry } from "../src/safetensors.ts";
import { parseHeader } from "../src/safetensors_header.ts";
import { assertEquals, assertThrows } from "./assert.ts";
import { safetensorsFile as file } from "./safetensors_file.ts";

const DTYPES = "U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, BOOL";

/** The header of one tensor "a", four bytes of float, with members replaced. */
function one(members: Record<string, unknown>): string {
  return JSON.stringify({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...members } });
}

function assertUnreadable(bytes: Uint8Array, message: string): void {
  assertEquals(assertThrows(() => decodeSafetensors(bytes), CheckpointError).message, message);
}

Deno.test("decodeSafetensors says what is wrong with a header it cannot find", () => {
  const refusals: [Uint8Array, string][] = [
    [new Uint8Array(0), "a safetensors file, got an empty one"],
    [new Uint8Array(7), "at least 8 bytes, got 7"],
    [new Uint8Array(8), 'a header that begins with "{", got an empty one'],
    [file("{}", 0, 3n), "3 bytes of header as its length field says, got 2"],
    [file("{}", 0, 2_097_152n), "2097152 bytes of header as its length field says, got 2"],
    [file("{}", 0, 2_097_153n), "a header of at most 2097152 bytes, got 2097153"],
    [file("{}", 0, 2n ** 32n + 2n), "a header of at most 2097152 bytes, got 4294967298"],
    [file("{}", 0, 2n ** 53n + 1n), "a header of at most 2097152 bytes, got 9007199254740993"],
    [file("{}", 0, 2n ** 64n - 1n), "a header of at most 2097152 bytes, got 18446744073709551615"],
    [file(" {}"), 'a header that begins with "{", got byte 32'],
    [file("\uFEFF{}"), 'a header that begins with "{", got byte 239'],
    [file("[]"), 'a header that begins with "{", got byte 91'],
    [file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), "a header in UTF-8, got bytes that are not"],
    [file("{"), "a header in JSON, got text that is not"],
    [file("{}{}"), "a header in JSON, got text that is not"],
    [file("{}\0"), "a header in JSON, got text that is not"],
    [file('{"a":NaN}'), "a header in JSON, got text that is not"],
  ];
  for (const [bytes, message] of refusals) assertUnreadable(bytes, `Cannot read checkpoint: expected ${message}`);
  const notObject = assertThrows(() => parseHeader("[1]"), CheckpointError);
  assertEquals(notObject.message, "Cannot read checkpoint: expected a header that is an object, got [1]");
});

Deno.test("decodeSafetensors says which entry of a header is wrong", () => {
  const dtypes = `one of ${DTYPES} as dtype of tensor "a"`;
  const shape = 'an array of non-negative integers as shape of tensor "a"';
  const offsets = 'two ascending integers as data_offsets of tensor "a"';
  const refusals: [string, string][] = [
    ['{"__metadata__":null}', "__metadata__ to be an object, got null"],
    ['{"__metadata__":["a"]}', '__metadata__ to be an object, got ["a"]'],
    ['{"__metadata__":{"step":7}}', 'metadata "step" to be a string, got 7'],
    ['{"__metadata__":{"config":{}}}', 'metadata "config" to be a string, got an object'],
    ['{"__metadata__":{"\\ud800":""}}', 'metadata in well-formed Unicode, got "\\ud800": ""'],
    ['{"\\udfff":{}}', 'tensor names in well-formed Unicode, got "\\udfff"'],
    ['{"a":3}', 'tensor "a" to be an object, got 3'],
    ['{"a":[]}', 'tensor "a" to be an object, got []'],
    [one({ dtype: undefined }), `${dtypes}, got none`],
    [one({ dtype: "F31" }), `${dtypes}, got "F31"`],
    [one({ dtype: "f32" }), `${dtypes}, got "f32"`],
    [one({ dtype: ["F32"] }), `${dtypes}, got ["F32"]`],
    [one({ shape: undefined }), `${shape}, got none`],
    [one({ shape: 1 }), `${shape}, got 1`],
    [one({ shape: { length: 1 } }), `${shape}, got an object`],
    [one({ shape: [-1] }), `${shape}, got [-1]`],
    [one({ shape: [1.5, "2"] }), `${shape}, got [1.5, "2"]`],
    [one({ shape: [null, [1], {}] }), `${shape}, got [null, an array, an object]`],
    [one({}).replace("[1]", "[-0]"), `${shape}, got [-0]`],
    [one({ shape: [2 ** 53] }), `${shape}, got [9007199254740992]`],
    [one({}).replace("[1]", "[1e999]"), `${shape}, got [Infinity]`],
    [one({ shape: [2 ** 51] }), 'tensor "a" to have at most 2^53 - 1 bytes, got shape [2251799813685248]'],
    [
      one({ shape: [2 ** 26, 2 ** 26, 1, 1, 1, 1, 1, 1, 1] }),
      'tensor "a" to have at most 2^53 - 1 bytes, got shape [67108864, 67108864, 1, 1, 1, 1, 1, 1, …]',
    ],
    [one({ data_offsets: undefined }), `${offsets}, got none`],
    [one({ data_offsets: { 0: 0, 1: 4 } }), `${offsets}, got an object`],
    [one({ data_offsets: [0] }), `${offsets}, got [0]`],
    [one({ data_offsets: [0, 2, 4] }), `${offsets}, got [0, 2, 4]`],
    [one({ data_offsets: [0, 4.5] }), `${offsets}, got [0, 4.5]`],
    [one({ data_offsets: [-4, 0] }), `${offsets}, got [-4, 0]`],
    [one({ data_offsets: [0, "4"] }), `${offsets}, got [0, "4"]`],
    [one({ data_offsets: [4, 0] }), `${offsets}, got [4, 0]`],
    [one({ data_offsets: [2 ** 53, 2 ** 53 + 4] }), `${offsets}, got [9007199254740992, 9007199254740996]`],
    [one({ data_offsets: [0, 3] }), '4 bytes for tensor "a" (F32, shape [1]), got 3'],
    [one({ shape: [], data_offsets: [0, 0] }), '4 bytes for tensor "a" (F32, shape []), got 0'],
    [one({ shape: [7, 0] }), '0 bytes for tensor "a" (F32, shape [7, 0]), got 4'],
  ];
  for (const [header, message] of refusals) {
    assertUnreadable(file(header, 4), `Cannot read checkpoint: expected ${message}`);
  }
});

Deno.test("decodeSafetensors refuses data that the tensors do not cover exactly", () => {
  const two = (begin: number, end: number) =>
    `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[${end - begin}],` +
    `"data_offsets":[${begin},${end}]}}`;
  const refusals: [Uint8Array, string][] = [
    [file(one({}), 3), "4 bytes of data as its header says, got 3"],
    [file(one({}), 5), "4 bytes of data as its header says, got 5"],
    [file("{}", 1), "0 bytes of data as its header says, got 1"],
    [
      file(one({ shape: [628864], data_offsets: [0, 2515456] }), 1000),
      "2515456 bytes of data as its header says, got 1000",
    ],
    [file(one({ data_offsets: [4, 8] }), 8), 'tensor "a" to begin at byte 0 of the data, got 4'],
    [file(two(5, 6), 6), 'tensor "b" to begin at byte 4 of the data, got 5'],
    [file(two(3, 6), 6), 'tensor "b" to begin at byte 4 of the data, got 3'],
    [file(two(0, 4), 4), 'tensor "b" to begin at byte 4 of the data, got 0'],
    [file(two(2, 2), 4), 'tensor "b" to begin at byte 4 of the data, got 2'],
  ];
  for (const [bytes, message] of refusals) assertUnreadable(bytes, `Cannot read checkpoint: expected ${message}`);
});

Deno.test("encodeSafetensors says what it cannot write", () => {
  const data = new Uint8Array(4);
  const before = { dtype: "U8", shape: [4], data } as const;
  const refusals: [string, unknown, string][] = [
    ["a", { dtype: "F31", shape: [1], data }, `one of ${DTYPES} as dtype of tensor "a", got "F31"`],
    ["a", { dtype: "F32", shape: [-1], data }, 'an array of non-negative integers as shape of tensor "a", got [-1]'],
    [
      "a",
      { dtype: "F32", shape: [2 ** 51], data },
      'tensor "a" to have at most 2^53 - 1 bytes, got shape [2251799813685248]',
    ],
    ["a", { dtype: "F32", shape: [1, 2], data }, '8 bytes for tensor "a" (F32, shape [1, 2]), got 4'],
    [
      "a",
      { dtype: "F32", shape: [1], data: new Float32Array(4) },
      'a Uint8Array as data of tensor "a", got another type',
    ],
    ["__metadata__", { dtype: "F32", shape: [1], data }, "tensors not named __metadata__, got one"],
    ["\ud83d", { dtype: "F32", shape: [1], data }, 'tensor names in well-formed Unicode, got "\\ud83d"'],
  ];
  for (const [name, tensor, message] of refusals) {
    const { message: got } = assertThrows(
      () => encodeSafetensors(new Map([["before", before], [name, tensor as TensorEntry]]), {}),
      CheckpointError,
    );
    assertEquals(got, `Cannot write checkpoint: expected ${message}`);
  }
  const texts: [Record<string, unknown>, string][] = [
    [{ step: 7 }, 'metadata "step" to be a string, got 7'],
    [{ note: "\udc00" }, 'metadata in well-formed Unicode, got "note": "\\udc00"'],
    [{ "\udc00": "" }, 'metadata in well-formed Unicode, got "\\udc00": ""'],
    [{ note: "x".repeat(9_000_000) }, "a header of at most 2097152 bytes, got 9000032"],
  ];
  for (const [metadata, message] of texts) {
    const { message: got } = assertThrows(
      () => encodeSafetensors(new Map(), metadata as Record<string, string>),
      CheckpointError,
    );
    assertEquals(got, `Cannot write checkpoint: expected ${message}`);
  }
});
