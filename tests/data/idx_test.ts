import fc from "npm:fast-check@4.10.2";
import { DataError } from "../../src/data/data_error.ts";
import { decompress } from "../../src/data/gunzip.ts";
import { readIdx, readIdxHeader } from "../../src/data/idx.ts";
import { holdOut, take, toImages } from "../../src/data/images.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "../assert.ts";

/** An IDX file: two zero bytes, the element type, the dimensions, the elements. */
function idx(shape: number[], data: Iterable<number>, elementType = 0x08): Uint8Array<ArrayBuffer> {
  const dimensions = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  const head = [0, 0, elementType, shape.length, ...dimensions], elements = Uint8Array.from(data);
  const file = new Uint8Array(head.length + elements.length);
  file.set(head);
  file.set(elements, head.length);
  return file;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** Runs `fn`; whatever it throws must be a DataError. Returns whether it threw. */
function refuses(fn: () => unknown): boolean {
  try {
    fn();
    return false;
  } catch (error) {
    if (error instanceof DataError) return true;
    throw error;
  }
}

const SMALL = idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

Deno.test("readIdx reads 1 to 4 dimensions", () => {
  for (const shape of [[6], [2, 3], [1, 2, 3], [3, 1, 1, 2]]) {
    assertEquals(readIdx(idx(shape, [1, 2, 3, 4, 5, 6]), "a"), { shape, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  }
});

Deno.test("readIdx reads dimensions as big-endian", () => {
  assertEquals(readIdx(idx([258, 1], new Uint8Array(258)), "a").shape, [258, 1]);
});

Deno.test("readIdx reads dimensions above 2^31 as unsigned", () => {
  assertThrows(
    () => readIdx(idx([2 ** 32 - 1], []), "a"),
    DataError,
    "expected 4294967303 bytes for shape [4294967295]",
  );
});

Deno.test("readIdx reads an array without elements", () => {
  assertEquals(readIdx(idx([0, 28, 28], []), "a"), { shape: [0, 28, 28], data: new Uint8Array(0) });
});

Deno.test("readIdx returns a view, also of bytes that do not begin at the start of their buffer", () => {
  const padded = new Uint8Array(SMALL.length + 7);
  padded.set(SMALL, 5);
  const { shape, data } = readIdx(padded.subarray(5, 5 + SMALL.length), "a");
  assertEquals(shape, [2, 2, 3]);
  assertStrictEquals(data.buffer, padded.buffer);
  assertEquals(data.byteOffset, 5 + 16);
  assertEquals(data.length, 12);
});

Deno.test("readIdx says what is wrong with a file", () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a);
  const cases: [bytes: Uint8Array, message: string][] = [
    [new Uint8Array(0), "Cannot read IDX file a: expected a header of at least 4 bytes, got 0"],
    [Uint8Array.of(0, 0, 8), "Cannot read IDX file a: expected a header of at least 4 bytes, got 3"],
    [png, "Cannot read IDX file a: expected magic number 0x00000801 to 0x00000804, got 0x89504e47"],
    [
      Uint8Array.of(0, 1, 8, 1, 0, 0, 0, 0),
      "Cannot read IDX file a: expected magic number 0x00000801 to 0x00000804, got 0x00010801",
    ],
    [idx([1], [0], 0x0d), "Cannot read IDX file a: expected element type 0x08 (unsigned byte), got 0x0d (float)"],
    [idx([1], [0], 0x09), "Cannot read IDX file a: expected element type 0x08 (unsigned byte), got 0x09 (signed byte)"],
    [idx([1], [0], 0x00), "Cannot read IDX file a: expected element type 0x08 (unsigned byte), got 0x00 (unknown)"],
    [idx([], [1, 2]), "Cannot read IDX file a: expected 1 to 4 dimensions, got 0"],
    [idx([1, 1, 1, 1, 1], [1]), "Cannot read IDX file a: expected 1 to 4 dimensions, got 5"],
    [SMALL.subarray(0, 15), "Cannot read IDX file a: expected a header of 16 bytes for dimension count 3, got 15"],
    [
      idx([60000, 28, 28], new Uint8Array(984)),
      "Cannot read IDX file a: expected 47040016 bytes for shape [60000, 28, 28], got 1000",
    ],
    [idx([2], [1, 2, 3]), "Cannot read IDX file a: expected 10 bytes for shape [2], got 11"],
    [
      idx([2 ** 32 - 1, 2 ** 32 - 1], []),
      "Cannot read IDX file a: expected at most 9007199254740991 bytes, got shape [4294967295, 4294967295]",
    ],
  ];
  for (const [bytes, message] of cases) {
    const error = assertThrows(() => readIdx(bytes, "a"), DataError);
    assertEquals(error.message, message);
    assertEquals(error.name, "DataError");
  }
});

Deno.test("readIdx refuses a file cut off at any byte, or with a byte too many", () => {
  for (let length = 0; length < SMALL.length; length++) {
    assert(refuses(() => readIdx(SMALL.subarray(0, length), "a")), `Expected ${length} bytes to be refused`);
  }
  assert(refuses(() => readIdx(Uint8Array.of(...SMALL, 0), "a")));
});

Deno.test("readIdx parses mutated bytes, or throws a DataError and nothing else", () => {
  const mutation = fc.record({ at: fc.nat(SMALL.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
    const bytes = SMALL.slice();
    for (const { at, value } of mutations) bytes[at] = value;
    refuses(() => {
      const { shape, data } = readIdx(bytes, "a");
      assertEquals(data.length, shape.reduce((product, size) => product * size, 1));
    });
  }));
});

Deno.test("readIdx parses arbitrary bytes behind a magic number, or throws a DataError and nothing else", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 }), (dimensions, rest) => {
    refuses(() => readIdx(Uint8Array.of(0, 0, 8, dimensions, ...rest), "a"));
  }));
});

Deno.test("readIdx gives back any array that was written", () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(shapes, fc.infiniteStream(fc.integer({ min: 0, max: 255 })), (shape, elements) => {
    const data = Uint8Array.from(elements.take(shape.reduce((product, size) => product * size, 1)));
    assertEquals(readIdx(idx(shape, data), "a"), { shape, data });
  }));
});

Deno.test("decompress returns bytes that are not gzip as they are", async () => {
  for (const bytes of [SMALL, new Uint8Array(0), Uint8Array.of(0x1f), Uint8Array.of(0x1f, 0x8a, 1)]) {
    assertStrictEquals(await decompress(bytes, "a.gz"), bytes);
  }
});

Deno.test("decompress restores gzip, whatever the file is called and wherever its bytes are", async () => {
  const gzipped = await gzip(SMALL);
  assertEquals(await decompress(gzipped, "a"), SMALL);
  const padded = Uint8Array.of(9, ...gzipped, 9);
  assertEquals(await decompress(padded.subarray(1, padded.length - 1), "a"), SMALL);
  const shared = new Uint8Array(new SharedArrayBuffer(gzipped.length));
  shared.set(gzipped);
  assertEquals(await decompress(shared, "a"), SMALL);
  assertEquals(await decompress(await gzip(new Uint8Array(0)), "a"), new Uint8Array(0));
});

Deno.test("decompress restores more than one chunk", async () => {
  const large = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >>> 5);
  assertEquals(await decompress(await gzip(large), "a"), large);
});

Deno.test("decompress refuses gzip cut off at any byte", async () => {
  const gzipped = await gzip(SMALL);
  for (let length = 2; length < gzipped.length; length++) {
    await assertRejects(
      () => decompress(gzipped.subarray(0, length), "a.gz"),
      DataError,
      `Cannot decompress a.gz: expected whole gzip streams, got ${length} damaged bytes (`,
    );
  }
});

Deno.test("decompress refuses anything after the gzip stream", async () => {
  const gzipped = await gzip(SMALL);
  for (const tail of [[0], [0, 0, 0, 0], [1, 2, 3], [0x1f], [0x1f, 0x8b], [0x1f, 0x8b, 8, 0]]) {
    await assertRejects(
      () => decompress(Uint8Array.of(...gzipped, ...tail), "a.gz"),
      DataError,
      "Cannot decompress a.gz",
    );
  }
});

Deno.test("decompress joins several members, as cat makes them of several files", async () => {
  const [one, two] = [await gzip(Uint8Array.of(1, 2)), await gzip(Uint8Array.of(3))];
  assertEquals(await decompress(Uint8Array.of(...one, ...two, ...one), "a.gz"), Uint8Array.of(1, 2, 3, 1, 2));
});

Deno.test("decompress stops at the size that an IDX header claims, at one that is too large, and at what is no IDX", async () => {
  const zeros = new Uint8Array(5_000_000), bomb = await gzip(idx([3, 2, 2], zeros)), ones = zeros.slice().fill(255);
  const lengthOf = (start: Uint8Array) => readIdxHeader(start, "a.gz").length;
  const cases: [bytes: Uint8Array, maxBytes: number | undefined, message: string][] = [
    [bomb, undefined, "Cannot decompress a.gz: expected 28 bytes as its header says, got more"],
    [
      await gzip(idx([60_000, 28, 280], new Uint8Array(100))),
      undefined,
      "Cannot decompress a.gz: expected at most 268435456 bytes, got a header that claims 470400016",
    ],
    [
      await gzip(idx([99, 9, 9], new Uint8Array(8019))),
      8034,
      "expected at most 8034 bytes, got a header that claims 8035",
    ],
    [
      await gzip(ones),
      undefined,
      "Cannot read IDX file a.gz: expected magic number 0x00000801 to 0x00000804, got 0xffff",
    ],
  ];
  for (const [bytes, maxBytes, message] of cases) {
    await assertRejects(() => decompress(bytes, "a.gz", { lengthOf, maxBytes }), DataError, message);
  }
  const exact = idx([99, 9, 9], new Uint8Array(8019).fill(7));
  assertEquals(await decompress(await gzip(exact), "a.gz", { lengthOf, maxBytes: 8035 }), exact);
  assertEquals(await decompress(await gzip(exact), "a.gz", { maxBytes: 8035 }), exact);
  assertEquals(await decompress(await gzip(exact.slice(0, 900)), "a.gz", { lengthOf }), exact.slice(0, 900));
  await assertRejects(
    () => decompress(bomb, "a.gz", { maxBytes: 28 }),
    DataError,
    "expected at most 28 bytes, got more",
  );
  await assertRejects(() => decompress(bomb, "a.gz", { maxByte: 1 } as object), TypeError, 'did you mean "maxBytes"?');
  await assertRejects(() => decompress(bomb, "a.gz", { maxBytes: -1 }), RangeError, "got -1");
});

Deno.test("decompress restores mutated gzip to the same bytes, or throws a DataError and nothing else", async () => {
  const gzipped = await gzip(SMALL);
  const at = fc.integer({ min: 2, max: gzipped.length - 1 });
  await fc.assert(fc.asyncProperty(at, fc.integer({ min: 0, max: 255 }), async (position, value) => {
    const bytes = gzipped.slice();
    bytes[position] = value;
    const restored = await decompress(bytes, "a.gz").catch((error) => {
      if (!(error instanceof DataError)) throw error;
      return SMALL;
    });
    assertEquals(restored, SMALL);
  }));
});

Deno.test("toImages takes three dimensions for images and two for vectors, without a copy", () => {
  const three = readIdx(SMALL, "a");
  assertEquals(toImages(three, "a"), { pixels: three.data, count: 2, height: 2, width: 3 });
  assertStrictEquals(toImages(three, "a").pixels, three.data);
  const two = readIdx(idx([2, 3], [1, 2, 3, 4, 5, 6]), "a");
  assertEquals(toImages(two, "a"), { pixels: two.data, count: 2, height: 1, width: 3 });
});

Deno.test("toImages pairs images with labels", () => {
  const labels = readIdx(idx([2], [7, 1]), "labels");
  assertEquals(toImages(readIdx(SMALL, "a"), "a", labels).labels, Uint8Array.of(7, 1));
});

Deno.test("toImages says what is wrong with shapes", () => {
  const images = readIdx(SMALL, "a");
  const cases: [shape: number[], labels: number[] | undefined, message: string][] = [
    [[5], undefined, "Cannot take a for images: expected shape [N, H, W] or [N, D], got [5]"],
    [[1, 1, 1, 1], undefined, "Cannot take a for images: expected shape [N, H, W] or [N, D], got [1, 1, 1, 1]"],
    [
      [0, 28, 28],
      undefined,
      "Cannot take a for images: expected at least one image of one pixel, got shape [0, 28, 28]",
    ],
    [[3, 0], undefined, "Cannot take a for images: expected at least one image of one pixel, got shape [3, 0]"],
    [[...images.shape], [3], "Cannot label the images of a: expected labels of shape [2], got [3]"],
    [[...images.shape], [2, 1], "Cannot label the images of a: expected labels of shape [2], got [2, 1]"],
  ];
  for (const [shape, labels, message] of cases) {
    const empty = (shape: number[]) => ({ shape, data: new Uint8Array(shape.reduce((a, b) => a * b)) });
    const error = assertThrows(() => toImages(empty(shape), "a", labels && empty(labels)), DataError);
    assertEquals(error.message, message);
  }
});

Deno.test("take gives the first images and their labels as views", () => {
  const images = toImages(readIdx(SMALL, "a"), "a", { shape: [2], data: Uint8Array.of(7, 1) });
  const first = take(images, 1);
  assertEquals(first, {
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
    count: 1,
    height: 2,
    width: 3,
    labels: Uint8Array.of(7),
  });
  assertStrictEquals(first.pixels.buffer, images.pixels.buffer);
  assertEquals(take(images, 2), images);
  assertEquals(take(images, 1000), images);
  assertEquals("labels" in take(toImages(readIdx(SMALL, "a"), "a"), 1), false);
});

Deno.test("take refuses anything but a positive integer", () => {
  const images = toImages(readIdx(SMALL, "a"), "a");
  for (const n of [0, -1, 1.5, NaN, Infinity]) {
    const error = assertThrows(() => take(images, n), RangeError);
    assertEquals(error.message, `Cannot take the first images: expected a positive integer, got ${n}`);
  }
});

Deno.test("holdOut draws images, always the same, of which each is in one of two sets with its label", () => {
  for (const [count, tested] of [[2, 1], [9, 1], [10, 1], [19, 1], [20, 2], [105, 10]]) {
    const pixels = Uint8Array.from({ length: count * 2 }, (_, i) => i);
    const labels = Uint8Array.from({ length: count }, (_, i) => i);
    const images = { pixels, count, height: 2, width: 1, labels }, { train, test, name } = holdOut(images, "a");
    assertEquals([train.count, test.count, name], [count - tested, tested, "a"]);
    assertEquals([...train.labels!, ...test.labels!].toSorted((a, b) => a - b), [...labels]);
    for (const { labels, pixels } of [train, test]) {
      assertEquals([...labels!], [...labels!].toSorted((a, b) => a - b));
      assertEquals([...pixels], [...labels!].flatMap((label) => [2 * label, 2 * label + 1]));
    }
    assertEquals(holdOut(images, "a"), { train, test, name });
  }
});

Deno.test("holdOut of data that are sorted by class tests every class", () => {
  const count = 1000, labels = Uint8Array.from({ length: count }, (_, i) => i / 100);
  const { test } = holdOut({ pixels: new Uint8Array(count), count, height: 1, width: 1, labels }, "sorted");
  assertEquals(new Set(test.labels).size, 10);
});

Deno.test("holdOut of the end splits into disjoint sets that together are all images in order", () => {
  for (const [count, tested] of [[2, 1], [9, 1], [10, 1], [19, 1], [20, 2], [105, 10]]) {
    const pixels = Uint8Array.from({ length: count * 2 }, (_, i) => i);
    const labels = Uint8Array.from({ length: count }, (_, i) => i);
    const { train, test, name } = holdOut({ pixels, count, height: 2, width: 1, labels }, "a", "end");
    assertEquals([train.count, test.count, name], [count - tested, tested, "a"]);
    assertEquals(Uint8Array.of(...train.pixels, ...test.pixels), pixels);
    assertEquals(Uint8Array.of(...train.labels!, ...test.labels!), labels);
  }
});

Deno.test("holdOut refuses a single image", () => {
  const images = { pixels: new Uint8Array(4), count: 1, height: 2, width: 2 };
  const error = assertThrows(() => holdOut(images, "a"), DataError);
  assertEquals(error.message, "Cannot split a into train and test: expected at least 2 images, got 1");
});
