import { decodeSafetensors, encodeSafetensors, type Safetensors } from "../../src/safetensors.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { idx, inFolder, SMALL, train, writeData } from "./command.ts";

/** Fails unless the command ends with exit code 1 and that one line on stderr. */
async function assertRefused(flags: string[], message: string): Promise<void> {
  const { code, stdout, stderr } = await train(...flags);
  assertEquals([code, stdout, stderr], [1, "", `error: ${message}\n`]);
}

Deno.test("train tells a flag that it cannot use in one line: what was got, what was wanted, where it is explained", async () => {
  const cases: [string, string][] = [
    ["--epoch 3", "unknown option '--epoch' (Did you mean --epochs?)"],
    ["--verbose", "unknown option '--verbose'"],
    ["mnist", "too many arguments. Expected 0 arguments but got 1: mnist"],
    ["--epochs", "option '--epochs <n>' argument missing"],
    ["--epochs -1", "option '--epochs <n>' argument '-1' is invalid. Expected an integer of at least 0"],
    ["--epochs 1.5", "option '--epochs <n>' argument '1.5' is invalid. Expected an integer of at least 0"],
    ["--batch-size 0", "option '--batch-size <n>' argument '0' is invalid. Expected an integer of at least 1"],
    ["--latent 0x10", "option '--latent <n>' argument '0x10' is invalid. Expected an integer of at least 1"],
    [
      "--seed 9007199254740993",
      "option '--seed <n>' argument '9007199254740993' is invalid. Expected an integer of at least 0",
    ],
    ["--threads 255", "option '--threads <n>' argument '255' is invalid. Expected an integer from 1 to 254"],
    ["--limit=", "option '--limit <n>' argument '' is invalid. Expected an integer of at least 1"],
    [
      "--hidden 300,,97",
      "option '--hidden <widths>' argument '300,,97' is invalid. " +
      'Expected positive integers separated by commas, such as 300,97, or "none"',
    ],
    ["--lr fast", "option '--lr <rate>' argument 'fast' is invalid. Expected a finite number above 0"],
    ["--lr 0", "option '--lr <rate>' argument '0' is invalid. Expected a finite number above 0"],
    ["--beta -1", "option '--beta <weight>' argument '-1' is invalid. Expected a finite number of at least 0"],
    ["--beta 1e999", "option '--beta <weight>' argument '1e999' is invalid. Expected a finite number of at least 0"],
    ["--warmup -1", "option '--warmup <epochs>' argument '-1' is invalid. Expected a finite number of at least 0"],
    ["--clip-norm 0", "option '--clip-norm <norm>' argument '0' is invalid. Expected a finite number above 0"],
    [
      "--average-decay 1",
      "option '--average-decay <share>' argument '1' is invalid. Expected a number of at least 0 and below 1",
    ],
    [
      "--schedule linear",
      "option '--schedule <name>' argument 'linear' is invalid. Allowed choices are constant, cosine",
    ],
    [
      "--activation swish",
      "option '--activation <name>' argument 'swish' is invalid. " +
      "Allowed choices are relu, tanh, sigmoid, elu, gelu, leaky-relu, silu",
    ],
    ["--batch 64", "option '--batch <n>' argument '64' is invalid. Expected --batch-size, its name since 0.2"],
    ["--binarize static", "option '--binarize <how>' argument 'static' is invalid. Allowed choices are none, dynamic"],
    [
      "--out --json",
      "option '--out <folder>' argument '--json' is invalid. Expected a path (one that begins with -- is written ./--…)",
    ],
  ];
  for (const [flags, message] of cases) {
    await assertRefused(flags.split(" "), `${message}; see deno task train --help`);
  }
});

Deno.test("train refuses damaged data before it makes a folder", async () => {
  await inFolder(async (folder) => {
    const whole = idx(20, 4, 4), out = `${folder}/run`, file = `${folder}/images`;
    const cases: [Uint8Array, string][] = [
      [whole.subarray(0, 300), `Cannot read IDX file ${file}: expected 336 bytes for shape [20, 4, 4], got 300`],
      [Uint8Array.of(...whole, 0), `Cannot read IDX file ${file}: expected 336 bytes for shape [20, 4, 4], got 337`],
      [
        whole.subarray(0, 10),
        `Cannot read IDX file ${file}: expected a header of 16 bytes for dimension count 3, got 10`,
      ],
      [
        whole.with(0, 1),
        `Cannot read IDX file ${file}: expected magic number 0x00000801 to 0x00000804, got 0x01000803`,
      ],
      [
        Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 2),
        `Cannot take ${file} for images: expected shape [N, H, W] or [N, D], got [2]`,
      ],
    ];
    for (const [bytes, message] of cases) {
      await Deno.writeFile(file, bytes);
      await assertRefused(["--data", file, "--out", out], message);
    }
    await assertRefused(
      ["--data", `${folder}/none`, "--out", out],
      `Cannot load ${folder}/none: expected a folder or an IDX file, got nothing there`,
    );
    await Deno.remove(file);
    await assertRefused(
      ["--data", folder, "--out", out],
      `Cannot load folder ${folder}: expected train-images-idx3-ubyte or train-images.idx3-ubyte in it, plain or ` +
        "with .gz, got neither",
    );
    assertEquals(await Deno.stat(out).catch(() => "none"), "none");
  });
});

Deno.test("train refuses a warm-up that is longer than the training, before it makes a folder", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), out = `${folder}/run`;
    await assertRefused(
      [...SMALL, "--data", data, "--out", out, "--epochs", "2", "--schedule", "cosine", "--warmup", "3"],
      "Cannot make a schedule: expected warmup of a cosine schedule to be at most its 26 steps, got 39: a schedule that " +
        "ends before it starts",
    );
    assertEquals(await Deno.stat(out).catch(() => "none"), "none");
  });
});

Deno.test("train refuses an output folder that cannot be written, or that holds another run", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, flags = [...SMALL, "--data", data, "--epochs", "1"];
    const file = `${data}/train-images-idx3-ubyte`;
    const taken = `File exists (os error 17): mkdir '${file}'`, within = `Not a directory (os error 20): mkdir`;
    await assertRefused([...flags, "--out", file], `Cannot write ${file}: ${taken}`);
    await assertRefused([...flags, "--out", `${file}/a/b`], `Cannot write ${file}/a/b: ${within} '${file}/a/b'`);
    await Deno.mkdir(run, { mode: 0o500 });
    const locked = !await Deno.writeFile(`${run}/probe`, new Uint8Array(0)).then(() => true, () => false);
    if (locked) { // root may write anywhere
      const { code, stderr } = await train(...flags, "--out", run);
      const wanted = `error: Cannot write ${run}/model.safetensors: Permission denied`;
      assertEquals([code, stderr.slice(0, wanted.length)], [1, wanted]);
      await Deno.chmod(run, 0o700);
    }
    assertEquals((await train(...flags, "--out", run)).code, 0);
    const model = await Deno.readFile(`${run}/model.safetensors`);
    const refused = `Cannot write to ${run}: expected a folder without a run in it, got one with model.safetensors; ` +
      `give another --out, or continue it: --resume ${run}/model.safetensors`;
    await assertRefused([...flags, "--out", run, "--seed", "1"], refused);
    await Deno.copyFile(`${run}/model.safetensors`, `${run}/best.safetensors`);
    await assertRefused(["--resume", `${run}/best.safetensors`, "--epochs", "2"], refused);
    assertEquals(await Deno.readFile(`${run}/model.safetensors`), model);
  });
});

Deno.test("train --resume refuses a damaged checkpoint and leaves it as it is", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, file = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    const whole = await Deno.readFile(file), name = "params.encoder.mean.kernel";
    const changed = (change: (parts: Safetensors) => void) => {
      const parts = decodeSafetensors(whole);
      change(parts);
      delete parts.metadata.sha256;
      return encodeSafetensors(parts.tensors, parts.metadata);
    };
    const training = (change: Record<string, unknown>) =>
      changed(({ metadata }) => metadata.training = JSON.stringify({ ...JSON.parse(metadata.training), ...change }));
    const dataBytes = whole.length - 8 - Number(new DataView(whole.buffer).getBigUint64(0, true));
    const cases: [Uint8Array, string][] = [
      [whole.subarray(0, -4), `expected ${dataBytes} bytes of data as its header says, got ${dataBytes - 4}`],
      [new Uint8Array(4), "expected at least 8 bytes, got 4"],
      [
        whole.with(2, 3),
        `expected ${whole[0] + 256 * whole[1] + 65536 * 3} bytes of header as its length field says, ` +
        `got ${whole.length - 8}`,
      ],
      [whole.with(8, 0x5b), 'expected a header that begins with "{", got byte 91'],
      [changed(({ tensors }) => tensors.delete(name)), `expected a tensor ${name} of shape [7, 3], got none`],
      [
        changed(({ tensors }) => tensors.set(name, { dtype: "F32", shape: [3, 7], data: new Uint8Array(84) })),
        `expected ${name} of shape [7, 3], got [3, 7]`,
      ],
      [training({ batchSize: "16" }), 'expected training.batchSize to be a positive integer, got "16"'],
      [
        training({ sums: { examples: 5, reconstruction: 1, kl: 1 } }),
        "expected sums over 0 examples at step 13, got 5",
      ],
      [training({ schedule: "linear" }), 'expected training.schedule to be constant or cosine, got "linear"'],
      [training({ klWarmup: -1 }), "expected training.klWarmup to be a number of at least 0, got -1"],
      [
        training({ sums: { examples: 5, loss: "1", reconstruction: 1, kl: 1 } }),
        'expected training.sums.loss to be a number, got "1"',
      ],
      [changed(({ metadata }) => metadata.training = "{"), "expected training to be JSON, got "],
    ];
    for (const [bytes, message] of cases) {
      await Deno.writeFile(file, bytes);
      const { code, stdout, stderr } = await train("--resume", file, "--epochs", "2");
      assertEquals([code, stdout, stderr.split("\n").length], [1, "", 2], stderr);
      const wanted = `error: Cannot read checkpoint ${file}: ${message}`;
      assertEquals(stderr.slice(0, wanted.length), wanted);
      assertEquals(await Deno.readFile(file), bytes);
    }
  });
});

Deno.test("train --resume refuses flags and images that contradict the checkpoint", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, file = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "2", "--out", run)).code, 0);
    const whole = await Deno.readFile(file), fixed = "which cannot change; leave the flag out";
    const cases: [string[], string][] = [
      [["--hidden", "9"], `--hidden 9: expected 9,7, ${fixed}`],
      [["--latent", "4"], `--latent 4: expected 3, ${fixed}`],
      [["--activation", "elu"], `--activation elu: expected relu, ${fixed}`],
      [["--batch-size", "128"], `--batch-size 128: expected 16, ${fixed}`],
      [["--binarize", "dynamic"], `--binarize dynamic: expected none, ${fixed}`],
      [["--seed", "1"], `--seed 1: expected 0, ${fixed}`],
      [["--average-decay", "0.9"], `--average-decay 0.9: expected none, ${fixed}`],
      [["--epochs", "1"], "--epochs 1: expected at least 2, the epochs already begun"],
    ];
    for (const [flags, message] of cases) {
      await assertRefused(["--resume", file, ...flags], `Cannot resume ${file} with ${message}`);
    }
    // Said again, what the file says is no contradiction.
    assertEquals((await train("--resume", file, ...SMALL, "--seed", "0")).code, 0);

    const images: [string[], string, string][] = [
      [["--data"], await writeData(folder, 200, 5, 6), "images of 6 x 5 pixels as the model was made for, got 5 x 6"],
      [["--data"], await writeData(folder, 201), "200 train images as before, got 201"],
      [["--limit", "150", "--data"], data, "200 train images as before, got 150"],
    ];
    for (const [flags, path, message] of images) {
      const start = `Cannot resume ${file} with the images of ${path}: expected`;
      await assertRefused(["--resume", file, ...flags, path], `${start} ${message}`);
    }
    assertEquals(await Deno.readFile(file), whole);
  });
});

Deno.test("train tells in one line that a model is too large, or that the loss is not finite", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), flags = ["--data", data, "--epochs", "9"];
    const large = await train(...flags, "--hidden", "50000,50000", "--out", `${folder}/large`);
    assertEquals([large.code, large.stdout], [1, ""]);
    assertMatch(large.stderr, /^error: Cannot allocate a tensor of shape \[50000, 50000\]: .*\n$/);
    const fast = await train(...flags, "--lr", "1e20", "--out", `${folder}/fast`, "--json");
    assertEquals(fast.code, 1);
    assertEquals(fast.stderr.split("\n").slice(2).length, 2, fast.stderr);
  });
});
