import { dataHash } from "../../src/cli/data_hash.ts";
import { decode } from "npm:fast-png@8.0.0";
import { decodeCheckpoint } from "../../src/checkpoint.ts";
import { key, split } from "../../src/random.ts";
import { averaged, load, loadImages } from "../../mod.ts";
import { samplesPicture } from "../../src/cli/pictures.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "../assert.ts";
import { inFolder, metricsOf, sample, SMALL, spawn, train, writeData } from "./command.ts";

async function names(folder: string): Promise<string[]> {
  const list = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return list.sort();
}

Deno.test("train --json prints one object an epoch and nothing else on stdout", async () => {
  await inFolder(async (folder) => {
    const { code, stdout } = await train("--limit", "512", "--epochs", "2", "--out", `${folder}/run`, "--json");
    assertEquals(code, 0);
    const lines = stdout.split("\n");
    assertEquals([lines.length, lines.pop()], [3, ""]);
    const records = lines.map((line) => JSON.parse(line));
    for (const [i, record] of records.entries()) {
      assertEquals(Object.keys(record), ["epoch", "step", "train", "test", "seconds", "examplesPerSecond"]);
      assertEquals([record.epoch, record.step], [i + 1, 4 * (i + 1)]);
      for (const { loss, reconstruction, kl } of [record.train, record.test]) {
        assert(kl > 0 && Math.abs(loss - reconstruction - kl) < 1e-9 * loss);
      }
      assertEquals(Object.keys(record.test), ["loss", "reconstruction", "kl", "elbo"]);
      assertEquals(record.test.elbo, -record.test.reconstruction - record.test.kl);
      assert(record.seconds > 0 && record.examplesPerSecond > 0);
    }
    assert(records[1].train.loss < records[0].train.loss && records[1].test.loss < records[0].test.loss);
    assertEquals(await Deno.readTextFile(`${folder}/run/metrics.jsonl`), stdout);
  });
});

Deno.test("train on MNIST writes a model, metrics, three pictures and a report, and a table", async () => {
  await inFolder(async (folder) => {
    const run = `${folder}/runs/first`;
    const { code, stdout, stderr } = await train("--limit", "512", "--epochs", "2", "--out", run);
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines.length, 6);
    assertEquals(lines[0], "mnist: 512 train and 10,000 test images of 28 x 28");
    assertMatch(lines[1], /^784-400-20-400-784, relu, bernoulli, \d+ threads?, (relaxed|baseline) SIMD$/);
    assertMatch(lines[2], /^epoch +train loss +test loss +test ELBO +reconstr\. +KL +examples\/s$/);
    for (const line of lines.slice(3, 5)) {
      assertMatch(line, /^ +\d( +\d+\.\d\d){2} +-\d+\.\d\d( +\d+\.\d\d){2} +[\d,]+$/);
    }
    assertEquals(
      lines[5],
      `${run}: model.safetensors, metrics.jsonl, samples.png, reconstructions.png, curves.svg, report.html`,
    );

    const wanted = "curves.svg metrics.jsonl model.safetensors reconstructions.png report.html samples.png".split(" ");
    assertEquals(await names(run), wanted);
    assertEquals((await metricsOf(run)).length, 2);
    const { checkpoint } = decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`));
    assertEquals([checkpoint.step, checkpoint.config.input], [8, 784]);
    const samples = decode(await Deno.readFile(`${run}/samples.png`));
    assertEquals([samples.width, samples.height], [8 * 58 + 2, 8 * 58 + 2]);
    const pairs = decode(await Deno.readFile(`${run}/reconstructions.png`));
    assertEquals([pairs.width, pairs.height], [10 * 58 + 2, 4 * (2 * 58 + 4) - 2]);
    assertMatch(await Deno.readTextFile(`${run}/curves.svg`), /^<svg .*mnist.*<\/svg>$/s);
    assertMatch(await Deno.readTextFile(`${run}/report.html`), /^<!DOCTYPE html>.*<h1>mnist<\/h1>.*<\/html>\n$/s);
  });
});

Deno.test("train takes every setting, sizes that nobody tuned for among them", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder, 131, 5, 7), run = `${folder}/run`;
    const flags =
      "--epochs 2 --batch-size 61 --hidden 13,11 --latent 7 --activation gelu --lr 0.002 --beta 0.5 --seed 5";
    const { code, stdout } = await train(
      ...flags.split(" "),
      ...["--binarize", "dynamic", "--threads", "1", "--limit", "130", "--data", data, "--out", run],
    );
    assertEquals(code, 0);
    assertStringIncludes(stdout, "35-13-11-7-11-13-35, gelu, bernoulli, 1 thread,");
    const { checkpoint, metadata } = decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`));
    assertEquals([checkpoint.step, checkpoint.optimizer.learningRate], [6, 0.002]);
    assertEquals(checkpoint.key, split(key(5))[1]);
    assertEquals(JSON.parse(metadata.training), {
      data,
      holdOut: "random",
      epochs: 2,
      batchSize: 61,
      beta: 0.5,
      binarize: "dynamic",
      seed: 5,
      limit: 130,
      examples: 130,
      height: 5,
      width: 7,
      dataHash: await dataHash(await loadImages(data)),
    });
    const [{ train: { loss, reconstruction, kl } }] = await metricsOf(run) as [{ train: Record<string, number> }];
    assert(Math.abs(loss - reconstruction - kl / 2) < 1e-9 * loss);
  });
});

Deno.test("train takes settings of the optimizer and of warm-ups, in epochs, and keeps them", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const flags = "--epochs 2 --weight-decay 0.01 --clip-norm 5 --average-decay 0.9 --schedule cosine --warmup 0.5 " +
      "--beta 0.5 --kl-warmup 1.5";
    assertEquals((await train(...SMALL, ...flags.split(" "), "--data", data, "--out", run)).code, 0);
    const bytes = await Deno.readFile(`${run}/model.safetensors`), { checkpoint, metadata } = decodeCheckpoint(bytes);
    // 13 steps an epoch.
    assertEquals(checkpoint.optimizer, {
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      clipNorm: 5,
      averageDecay: 0.9,
      schedule: { kind: "cosine", steps: 26, warmup: 7, end: 0 },
    });
    const { schedule, warmup, klWarmup, beta } = JSON.parse(metadata.training);
    assertEquals([schedule, warmup, klWarmup, beta], ["cosine", 0.5, 1.5, 0.5]);
    const lines = await metricsOf(run) as Record<"train" | "test", Record<string, number>>[];
    for (const { train, test } of lines) {
      assertEquals(test.elbo, -test.reconstruction - test.kl);
      assert(train.loss < train.reconstruction + 0.5 * train.kl);
    }
    // The pictures, like those of sample, show the average.
    const grid = `${folder}/grid.png`;
    assertEquals((await sample("--model", `${run}/model.safetensors`, "--out", grid)).code, 0);
    assertEquals(await Deno.readFile(grid), await Deno.readFile(`${run}/samples.png`));
    using state = load(bytes);
    const options = { n: 64, key: key(0) }, size = { height: 6, width: 5 };
    assertEquals(await Deno.readFile(grid), samplesPicture(averaged(state), size, options));
    assertNotEquals(await Deno.readFile(grid), samplesPicture(state.params, size, options));
  });
});

Deno.test("train --warmup alone lets the learning rate rise and then stay", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    assertEquals((await train(...SMALL, "--epochs", "1", "--warmup", "2", "--data", data, "--out", run)).code, 0);
    const { checkpoint } = decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`));
    assertEquals(checkpoint.optimizer.schedule, { kind: "cosine", steps: 26, warmup: 26, end: 1 });
  });
});

Deno.test("train gives the same files for the same seed, whatever the number of threads", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), files = [];
    for (const threads of ["1", "2"]) {
      const run = `${folder}/${threads}`;
      const flags = [...SMALL, "--data", data, "--epochs", "3", "--threads", threads, "--out", run];
      assertEquals((await train(...flags)).code, 0);
      files.push([
        await Deno.readFile(`${run}/model.safetensors`),
        await Deno.readFile(`${run}/samples.png`),
        await Deno.readFile(`${run}/report.html`),
        await metricsOf(run),
      ]);
    }
    assertEquals(files[0], files[1]);
  });
});

Deno.test("train --epochs 0 writes the untrained model", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const { code } = await train(...SMALL, "--data", data, "--epochs", "0", "--out", run);
    assertEquals(code, 0);
    assertEquals(await names(run), [
      "metrics.jsonl",
      "model.safetensors",
      "reconstructions.png",
      "report.html",
      "samples.png",
    ]);
  });
});

Deno.test("train takes a single IDX file and holds out a tenth of it", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder, 50);
    const file = `${data}/train-images-idx3-ubyte`;
    const { code, stdout } = await train(...SMALL, "--data", file, "--epochs", "1", "--out", `${folder}/run`);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "train-images-idx3-ubyte: 45 train and 5 test images of 6 x 5");
  });
});

Deno.test("train --help names every flag and what it is by default", async () => {
  const { code, stdout, stderr } = await train("--help");
  assertEquals([code, stderr], [0, ""]);
  const flags =
    "data hold-out epochs batch-size hidden latent activation lr schedule warmup weight-decay clip-norm average-decay beta " +
    "kl-warmup binarize seed threads limit out resume other-data json";
  for (const flag of flags.split(" ")) assertStringIncludes(stdout, `--${flag}`);
  for (const value of ['"mnist"', "10", "128", "400", "20", '"relu"', "0.001"]) {
    assertStringIncludes(stdout, `default: ${value})`);
  }
});

Deno.test("two runs at once take folders of their own under runs/", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder);
    const runs = [1, 2].map(() => spawn("train", ...SMALL, "--data", data, "--epochs", "1").output());
    const paths = [];
    for (const { code, stdout } of await Promise.all(runs)) {
      assertEquals(code, 0);
      paths.push(new TextDecoder().decode(stdout).trimEnd().split("\n").pop()!.split(": ")[0]);
    }
    try {
      for (const path of paths) assertMatch(path, /^runs\/data-200-6x5-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-2)?$/);
      assert(paths[0] !== paths[1]);
    } finally {
      for (const path of paths) await Deno.remove(new URL(`../../${path}`, import.meta.url), { recursive: true });
    }
  });
});
