import { DataError } from "../../src/data/data_error.ts";
import { loadFile, loadFolder, loadImages } from "../../src/data/folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";

const FASHION_MNIST = "/usr/share/datasets/fashion-mnist";

/** Images whose every pixel is the image's number plus `first`, or labels that count from `first`. */
function idx(shape: number[], first: number): Uint8Array<ArrayBuffer> {
  const header = shape.flatMap((size) => [0, 0, size >> 8, size & 255]);
  const size = shape.slice(1).reduce((product, size) => product * size, 1);
  const data = Array.from({ length: shape[0] * size }, (_, i) => first + Math.floor(i / size));
  return Uint8Array.of(0, 0, 8, shape.length, ...header, ...data);
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

const TRAIN_IMAGES = idx([3, 2, 4], 10);
const TRAIN_LABELS = idx([3], 1);
const TEST_IMAGES = idx([2, 2, 4], 20);
const TEST_LABELS = idx([2], 5);

const TRAIN = {
  pixels: TRAIN_IMAGES.subarray(16),
  count: 3,
  height: 2,
  width: 4,
  labels: TRAIN_LABELS.subarray(8),
};
const TEST = {
  pixels: TEST_IMAGES.subarray(16),
  count: 2,
  height: 2,
  width: 4,
  labels: TEST_LABELS.subarray(8),
};

/** Runs `fn` on a folder `digits` of those files, whose names may hold a `/`, and removes it whatever happens. */
async function withFolder(
  files: Record<string, Uint8Array>,
  fn: (path: string) => Promise<unknown>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "elbo_" });
  try {
    const folder = `${root}/digits`;
    await Deno.mkdir(folder);
    for (const [name, bytes] of Object.entries(files)) {
      if (name.includes("/")) await Deno.mkdir(`${folder}/${name.slice(0, name.lastIndexOf("/"))}`);
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await fn(folder);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("loadFolder reads the four usual names, plain or compressed, with a dash or a dot", async () => {
  for (const separator of ["-", "."]) {
    for (const extension of ["", ".gz"]) {
      const pack = extension === "" ? (bytes: Uint8Array<ArrayBuffer>) => bytes : gzip;
      await withFolder({
        [`train-images${separator}idx3-ubyte${extension}`]: await pack(TRAIN_IMAGES),
        [`train-labels${separator}idx1-ubyte${extension}`]: await pack(TRAIN_LABELS),
        [`t10k-images${separator}idx3-ubyte${extension}`]: await pack(TEST_IMAGES),
        [`t10k-labels${separator}idx1-ubyte${extension}`]: await pack(TEST_LABELS),
      }, async (path) => assertEquals(await loadFolder(path), { train: TRAIN, test: TEST, name: "digits" }));
    }
  }
});

Deno.test("loadFolder reads a folder whose files are spelled and compressed each in its own way", async () => {
  await withFolder({
    "train-images-idx3-ubyte": await gzip(TRAIN_IMAGES), // by content, not by name
    "train-labels.idx1-ubyte.gz": await gzip(TRAIN_LABELS),
    "t10k-images-idx3-ubyte.gz": TEST_IMAGES,
    "t10k-labels.idx1-ubyte": TEST_LABELS,
  }, async (path) => assertEquals(await loadFolder(`${path}/`), { train: TRAIN, test: TEST, name: "digits" }));
});

Deno.test("loadFolder prefers a plain file to a compressed one of the same name", async () => {
  await withFolder({
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "train-images-idx3-ubyte.gz": await gzip(TEST_IMAGES),
    "t10k-images-idx3-ubyte": TEST_IMAGES,
  }, async (path) => assertEquals((await loadFolder(path)).train.count, 3));
});

Deno.test("loadFolder passes over folders that are called like a file", async () => {
  await withFolder({
    "train-images-idx3-ubyte/train-images-idx3-ubyte": TEST_IMAGES,
    "train-images.idx3-ubyte": TRAIN_IMAGES,
    "t10k-images.idx3-ubyte": TEST_IMAGES,
  }, async (path) => assertEquals((await loadFolder(path)).train.count, 3));
});

Deno.test("loadFolder does without labels", async () => {
  await withFolder({
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "t10k-images-idx3-ubyte": TEST_IMAGES,
    "t10k-labels-idx1-ubyte": TEST_LABELS,
  }, async (path) => {
    const { train, test } = await loadFolder(path);
    assertEquals("labels" in train, false);
    assertEquals(test, TEST);
  });
});

Deno.test("loadFolder holds out a tenth of the train images when there are no test images, at the end if asked for", async () => {
  await withFolder({
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "train-labels-idx1-ubyte": TRAIN_LABELS,
  }, async (path) => {
    const drawn = await loadFolder(path);
    assertEquals([...drawn.train.labels!, ...drawn.test.labels!].toSorted(), [1, 2, 3]);
    const { train, test } = await loadImages(path, { holdOut: "end" });
    assertEquals([...train.labels!], [1, 2]);
    assertEquals([...test.labels!], [3]);
    assertEquals([...test.pixels], Array(8).fill(12));
  });
});

Deno.test("loadFolder says what it looked for and where when there are no train images", async () => {
  await withFolder({ "t10k-images-idx3-ubyte": TEST_IMAGES }, async (path) => {
    const error = await assertRejects(() => loadFolder(path), DataError);
    assertEquals(
      error.message,
      `Cannot load folder ${path}: expected train-images-idx3-ubyte or train-images.idx3-ubyte in it, ` +
        "plain or with .gz, got neither",
    );
  });
});

Deno.test("loadFolder refuses labels without their images", async () => {
  await withFolder({
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "t10k-labels.idx1-ubyte": TEST_LABELS,
  }, async (path) => {
    const error = await assertRejects(() => loadFolder(path), DataError);
    assertEquals(
      error.message,
      `Cannot load folder ${path}: expected t10k-images-idx3-ubyte beside the labels, got only t10k-labels.idx1-ubyte`,
    );
  });
});

Deno.test("loadFolder refuses test images of another size than the train images", async () => {
  await withFolder({
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "t10k-images-idx3-ubyte": idx([2, 4, 2], 0),
  }, async (path) => {
    const error = await assertRejects(() => loadFolder(path), DataError);
    assertEquals(
      error.message,
      `Cannot load folder ${path}: expected test images of 2 x 4 pixels as the train images are, got 4 x 2`,
    );
  });
});

Deno.test("loadFolder names the file that is damaged or does not fit", async () => {
  const gzipped = await gzip(TRAIN_IMAGES);
  const cases: [name: string, bytes: Uint8Array, message: string][] = [
    ["train-images-idx3-ubyte", TRAIN_IMAGES.subarray(0, 30), "train-images-idx3-ubyte: expected 40 bytes for shape"],
    ["train-images-idx3-ubyte", gzipped.subarray(0, 20), "train-images-idx3-ubyte: expected whole gzip streams"],
    ["train-images-idx3-ubyte", TRAIN_LABELS, "train-images-idx3-ubyte for images: expected shape [N, H, W] or [N, D]"],
    ["train-labels-idx1-ubyte", TEST_LABELS, "train-images-idx3-ubyte: expected labels of shape [3], got [2]"],
    ["t10k-images-idx3-ubyte", new Uint8Array(0), "t10k-images-idx3-ubyte: expected a header of at least 4 bytes"],
  ];
  for (const [name, bytes, message] of cases) {
    const files = { "train-images-idx3-ubyte": TRAIN_IMAGES, "t10k-images-idx3-ubyte": TEST_IMAGES, [name]: bytes };
    await withFolder(files, (path) => assertRejects(() => loadFolder(path), DataError, `${path}/${message}`));
  }
});

Deno.test("loadFile splits the images of one file, plain or compressed, and names the dataset after it", async () => {
  const images = idx([25, 1, 2], 0);
  await withFolder({ "plain": images, "packed": await gzip(images), "vectors": idx([25, 2], 0) }, async (path) => {
    for (const name of ["plain", "packed", "vectors"]) {
      const split = await loadFile(`${path}/${name}`, "end");
      assertEquals(split.name, name);
      assertEquals([...split.test.pixels], [23, 23, 24, 24]);
      assertEquals(split.train, { pixels: images.slice(16, 16 + 46), count: 23, height: 1, width: 2 });
    }
  });
});

Deno.test("loadFile refuses labels, a single image, a folder, and a file that is not there", async () => {
  await withFolder({ "labels": TRAIN_LABELS, "single": idx([1, 2, 2], 0) }, async (path) => {
    const cases = [
      ["/labels", `Cannot take ${path}/labels for images: expected shape [N, H, W] or [N, D], got [3]`],
      ["/single", "Cannot split single into train and test: expected at least 2 images, got 1"],
      ["", `Cannot read ${path}: expected a readable file, got "`],
      ["/missing", `Cannot read ${path}/missing: expected a readable file, got "`],
    ];
    for (const [name, message] of cases) {
      await assertRejects(() => loadFile(path + name), DataError, message);
    }
  });
});

Deno.test("loadImages tells a folder from a file", async () => {
  await withFolder({
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "t10k-images-idx3-ubyte": TEST_IMAGES,
  }, async (path) => {
    assertEquals((await loadImages(path)).train.count, 3);
    assertEquals((await loadImages(`${path}/train-images-idx3-ubyte`)).train.count, 2);
  });
});

Deno.test("loadImages says what it looked for and where when there is nothing", async () => {
  await withFolder({ "file": TRAIN_LABELS }, async (path) => {
    const error = await assertRejects(() => loadImages(`${path}/missing`), DataError);
    assertEquals(error.message, `Cannot load ${path}/missing: expected a folder or an IDX file, got nothing there`);
    await assertRejects(() => loadImages(`${path}/file/below`), DataError, `Cannot read ${path}/file/below: expected`);
    await assertRejects(() => loadImages(""), DataError);
  });
});

Deno.test({
  name: "loadImages leaves a missing permission to Deno's own error, which names the flag",
  permissions: "none",
  async fn() {
    const error = await assertRejects(() => loadImages("digits"), Deno.errors.NotCapable);
    assertStringIncludes(error.message, "--allow-read");
  },
});

const installed = await Deno.stat(FASHION_MNIST).then((info) => info.isDirectory, () => false);
Deno.test({
  name: "loadImages reads Fashion-MNIST as Debian installs it",
  ignore: !installed,
  async fn() {
    const { train, test, name } = await loadImages(FASHION_MNIST);
    assertEquals([train.count, train.height, train.width], [60_000, 28, 28]);
    assertEquals([test.count, test.height, test.width], [10_000, 28, 28]);
    assertEquals(name, "fashion-mnist");
    // Ten classes of equal size, in both halves.
    for (const { labels, count } of [train, test]) {
      const counts = Array<number>(10).fill(0);
      for (const label of labels!) counts[label]++;
      assert(counts.every((n) => n === count / 10), `Expected ${count / 10} images a class, got ${counts}`);
    }
  },
});

Deno.test("loadImages reads EMNIST by its names, and puts its images upright", async () => {
  const set = (part: string, what: string, n: 1 | 3) => `emnist-letters-${part}-${what}-idx${n}-ubyte`;
  // Two rows of four pixels, as EMNIST stores what are four rows of two.
  const images = (count: number) => {
    const file = idx([count, 2, 4], 0);
    file.forEach((_, i) => i >= 16 && (file[i] = 1 + i % 8));
    return file;
  };
  await withFolder({
    [`${set("train", "images", 3)}.gz`]: await gzip(images(3)),
    [`${set("train", "labels", 1)}.gz`]: await gzip(idx([3], 1)),
    [set("test", "images", 3)]: images(2),
    [set("test", "labels", 1)]: idx([2], 25),
    "emnist-letters-mapping.txt": new TextEncoder().encode("1 65 97\n"),
  }, async (path) => {
    const all = await loadImages(path), { train, test } = all;
    assertEquals([all.name, all.transposed], ["digits", true]);
    assertEquals([train.count, train.height, train.width, [...train.labels!]], [3, 4, 2, [1, 2, 3]]);
    assertEquals([...train.pixels.subarray(0, 8)], [1, 5, 2, 6, 3, 7, 4, 8]);
    assertEquals([test.count, [...test.labels!]], [2, [25, 26]]);
    const alone = await loadImages(`${path}/${set("train", "images", 3)}.gz`);
    assertEquals([alone.transposed, alone.train.height, alone.train.count + alone.test.count], [true, 4, 3]);
    await Deno.writeFile(`${path}/emnist-digits-train-images-idx3-ubyte`, images(2));
    const message = `Cannot load folder ${path}: expected one set of EMNIST, got emnist-digits, emnist-letters; ` +
      `name one of them, such as ${path}/emnist-digits`;
    await assertRejects(() => loadImages(path), DataError, message);
    assertEquals(await loadImages(`${path}/emnist-letters`), { ...all, name: "emnist-letters" });
    await assertRejects(() => loadImages(`${path}/emnist-balanced`), DataError, "got nothing there");
  });
});

Deno.test("loadImages reads no further than a header that makes sense says, whatever the file is", async () => {
  const text = (s: string) => new TextEncoder().encode(s), path = "/proc/kcore";
  // A "regular file" of 128 TB, of which nothing but its first bytes is read, by those who may.
  const kcore = await Deno.open(path).then((file) => (file.close(), true), () => false);
  if (kcore) await assertRejects(() => loadImages(path), DataError, `Cannot read IDX file ${path}: expected magic`);
  await withFolder({
    pointer: text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    page: text("<html>"),
    long: idx([3, 2, 2], 1).slice(0, -1),
  }, async (path) => {
    for (
      const [name, message] of [
        ["pointer", "expected magic number 0x00000801 to 0x00000804, got a Git LFS pointer in place of the file"],
        ["page", "expected magic number 0x00000801 to 0x00000804, got an HTML or XML page"],
        ["long", "expected 28 bytes for shape [3, 2, 2], got 27"],
      ]
    ) await assertRejects(() => loadImages(`${path}/${name}`), DataError, message);
  });
});

Deno.test("loadImages refuses devices and pipes, which may never end", async () => {
  await withFolder({}, async (path) => {
    const fifo = `${path}/fifo`;
    assertEquals((await new Deno.Command("mkfifo", { args: [fifo] }).output()).code, 0);
    for (const name of ["/dev/zero", fifo]) {
      await assertRejects(
        () => loadImages(name),
        DataError,
        `Cannot read ${name}: expected a regular file, got a device`,
      );
    }
  });
});

/** A gzip file: a start, and then 2^24 bytes of one value so many times. */
async function bomb(start: number[], value: number, times: number): Promise<Uint8Array<ArrayBuffer>> {
  const pipe = new CompressionStream("gzip"), writer = pipe.writable.getWriter();
  const bytes = new Response(pipe.readable).bytes();
  await writer.write(Uint8Array.from(start));
  for (let i = 0, block = new Uint8Array(2 ** 24).fill(value); i < times; i++) await writer.write(block);
  await writer.close();
  return await bytes;
}

Deno.test({
  name: "gzip bombs take no more memory than the size that their header claims, which has a bound",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const image = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28];
    const honest = [0, 0, 8, 3, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0]; // 2^30 bytes
    const files: [file: Uint8Array<ArrayBuffer>, message: string, megabytes: number][] = [
      [await bomb(image, 0, 64), "expected 800 bytes as its header says, got more", 32],
      [await bomb(honest, 0, 64), "expected at most 268435456 bytes, got a header that claims 1073741840", 32],
      [await bomb([], 255, 64), "expected magic number 0x00000801 to 0x00000804, got 0xffffffff", 32],
      [await bomb([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 16, 0, 0, 0, 16, 0], 9, 4), "loaded", 200], // 64 MB, and again as they are split
    ];
    for (const [file, wanted, most] of files) {
      await withFolder({ bomb: file }, async (path) => {
        const program = `
          import { loadImages } from ${JSON.stringify(new URL("../../src/data/folder.ts", import.meta.url))};
          await Deno.writeTextFile("/proc/self/clear_refs", "5");
          const peak = () => Number(Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\\s+(\\d+)/)[1]) / 1024;
          const before = peak();
          const told = await loadImages(${
          JSON.stringify(`${path}/bomb`)
        }).then(() => "loaded", (error) => error.message);
          console.log(JSON.stringify([told, peak() - before]));`;
        const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program], stderr: "inherit" })
          .output();
        const [told, megabytes] = JSON.parse(new TextDecoder().decode(stdout));
        assertStringIncludes(told, wanted);
        assert(megabytes < most, `${wanted}: ${megabytes} MB`);
      });
    }
  },
});
