import { init, key, save, schedule } from "../../mod.ts";
import { decodeCheckpoint } from "../../src/checkpoint.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { inFolder, longer, metricsOf, result, sleep, SMALL, spawn, train, writeData } from "./command.ts";

async function stepOf(run: string): Promise<number> {
  return decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`)).checkpoint.step;
}

/** Reads a stream until it has said something; gives what it said so far, and what it says after. */
async function readUntil(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  wanted: string,
): Promise<[string, Promise<string>]> {
  const chunks = stream.pipeThrough(new TextDecoderStream()).values();
  let seen = "";
  while (!seen.includes(wanted)) {
    const { value, done } = await chunks.next();
    if (done) throw new Error(`expected "${wanted}", got "${seen}"`);
    seen += value;
  }
  return [seen, Array.fromAsync(chunks).then((rest) => rest.join(""))];
}

async function assertSameRuns(actual: string, expected: string): Promise<void> {
  for (const name of ["model.safetensors", "samples.png", "reconstructions.png"]) {
    const [a, b] = [await Deno.readFile(`${actual}/${name}`), await Deno.readFile(`${expected}/${name}`)];
    assert(a.length === b.length && a.every((byte, i) => byte === b[i]), `${name} differs`);
  }
  assertEquals(await metricsOf(actual), await metricsOf(expected));
}

Deno.test("train stopped by signals and resumed gives the same bytes as if it had not been", async () => {
  await inFolder(async (folder) => {
    const flags = [
      "--limit",
      "20000",
      "--hidden",
      "100",
      "--batch-size",
      "61",
      "--binarize",
      "dynamic",
      "--beta",
      "0.7",
    ];
    const own = (name: string) => [...flags, "--epochs", "3", "--out", `${folder}/${name}`];
    assertEquals((await train(...own("straight"))).code, 0);

    const run = `${folder}/stopped`, file = `${run}/model.safetensors`, steps: number[] = [];
    let child = spawn("train", ...own("stopped")), within = 0;
    for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const [seen, rest] = await readUntil(child.stdout, " SIMD\n"); // it trains from here on
      await sleep(100);
      child.kill(signal);
      const stderr = await new Response(child.stderr).text();
      assertEquals([(await child.status).code, stderr], [
        exitCode,
        "stopping after saving; press Ctrl-C again to quit immediately\n",
      ]);
      assertStringIncludes(seen + await rest, `continue with: deno task train --resume ${file}\n`);
      const { checkpoint, metadata } = decodeCheckpoint(await Deno.readFile(file));
      steps.push(checkpoint.step);
      if (JSON.parse(metadata.training).sums) within++;
      child = spawn("train", "--resume", file);
    }
    assertEquals((await result(child)).code, 0);
    assert(within > 0, "no run was stopped within an epoch");
    assert(0 < steps[0] && steps[0] < steps[1] && steps[1] < 984, `stopped at steps ${steps}`);
    await assertSameRuns(run, `${folder}/straight`);
  });
});

Deno.test("train stopped in its last step of an epoch has that epoch's line", async () => {
  await inFolder(async (folder) => {
    // One step an epoch: each is the last.
    const data = await writeData(folder), run = `${folder}/run`;
    const child = spawn(
      "train",
      "--data",
      data,
      "--batch-size",
      "200",
      "--epochs",
      "100000",
      "--hidden",
      "8",
      "--out",
      run,
    );
    await longer(`${run}/metrics.jsonl`, 0);
    child.kill("SIGINT");
    assertEquals((await result(child)).code, 130);
    const step = await stepOf(run);
    assert(step > 0);
    assertEquals((await metricsOf(run)).length, step);
  });
});

Deno.test("train --resume with more epochs equals a run of as many, in the same folder or in another", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), flags = [...SMALL, "--data", data];
    assertEquals((await train(...flags, "--epochs", "4", "--out", `${folder}/straight`)).code, 0);
    assertEquals((await train(...flags, "--epochs", "2", "--out", `${folder}/half`)).code, 0);
    const resume = ["--resume", `${folder}/half/model.safetensors`, "--epochs", "4"];
    assertEquals((await train(...resume, "--out", `${folder}/other`)).code, 0);
    await assertSameRuns(`${folder}/other`, `${folder}/straight`);
    assertEquals((await metricsOf(`${folder}/half`)).length, 2);
    assertEquals((await train(...resume)).code, 0);
    await assertSameRuns(`${folder}/half`, `${folder}/straight`);
    // All is done: once more changes nothing.
    assertEquals((await train(...resume, "--json")).stdout, "");
    await assertSameRuns(`${folder}/half`, `${folder}/straight`);
  });
});

Deno.test("train --resume goes on to the same bits with every setting, if the epochs in all are the same", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder, 20_000), flags = [...SMALL, "--data", data, "--epochs", "4"];
    flags.push(..."--schedule cosine --warmup 1 --weight-decay 0.01 --clip-norm 3 --average-decay 0.99".split(" "));
    flags.push("--kl-warmup", "3");
    assertEquals((await train(...flags, "--out", `${folder}/straight`)).code, 0);
    const run = `${folder}/stopped`, file = `${run}/model.safetensors`, child = spawn("train", ...flags, "--out", run);
    await longer(`${run}/metrics.jsonl`, 0);
    child.kill("SIGINT");
    assertEquals((await result(child)).code, 130);
    assertEquals((await train("--resume", file)).code, 0);
    await assertSameRuns(run, `${folder}/straight`);
  });
});

Deno.test("train --resume takes new settings of the optimizer, and lets a cosine end with the last epoch", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, file = `${run}/model.safetensors`;
    const flags = [...SMALL, "--data", data, "--epochs", "1", "--schedule", "cosine", "--weight-decay", "0.1"];
    assertEquals((await train(...flags, "--out", run)).code, 0);
    const optimizer = async () => decodeCheckpoint(await Deno.readFile(file)).checkpoint.optimizer;
    const { weightDecay, schedule, clipNorm } = await optimizer();
    assertEquals([weightDecay, clipNorm], [0.1, undefined]);
    assertEquals(schedule, { kind: "cosine", steps: 13, warmup: 0, end: 0 });
    assertEquals((await train("--resume", file, "--epochs", "2", "--clip-norm", "3")).code, 0);
    const second = await optimizer();
    assertEquals([second.weightDecay, second.clipNorm], [0.1, 3]);
    assertEquals(second.schedule, { kind: "cosine", steps: 26, warmup: 0, end: 0 });
    const plain = ["--epochs", "3", "--schedule", "constant", "--weight-decay", "0"];
    assertEquals((await train("--resume", file, ...plain)).code, 0);
    const { learningRate, beta1, beta2, epsilon } = second;
    assertEquals(await optimizer(), { learningRate, beta1, beta2, epsilon, clipNorm: 3 });
  });
});

Deno.test("train --resume of a file that the API saved keeps the schedule in it, unless another is asked for", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), file = `${folder}/own.safetensors`;
    const own = schedule.stepwise({ boundaries: [3], factor: 0.1 });
    using state = init({ input: 30, hidden: [9], latent: 3 }, { key: key(0), optimizer: { schedule: own } });
    await Deno.writeFile(file, save(state));
    for (const [flags, wanted] of [[[], own], [["--schedule", "constant"], undefined]] as const) {
      const out = `${folder}/run-${flags.length}`;
      const { code } = await train("--resume", file, "--data", data, "--epochs", "1", "--out", out, ...flags);
      assertEquals(code, 0);
      const { checkpoint } = decodeCheckpoint(await Deno.readFile(`${out}/model.safetensors`));
      assertEquals(checkpoint.optimizer.schedule, wanted);
    }
  });
});

Deno.test("train --resume drops lines that the checkpoint knows nothing of, and half a line", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, flags = [...SMALL, "--data", data];
    assertEquals((await train(...flags, "--epochs", "3", "--out", `${folder}/straight`)).code, 0);
    assertEquals((await train(...flags, "--epochs", "2", "--out", run)).code, 0);
    const lines = await Deno.readTextFile(`${run}/metrics.jsonl`);
    const next = (await Deno.readTextFile(`${folder}/straight/metrics.jsonl`)).split("\n")[2];
    await Deno.writeTextFile(`${run}/metrics.jsonl`, `${lines}${next}\n${next.slice(0, 40)}`);
    const left = `${run}/model.safetensors.${crypto.randomUUID()}.tmp`, yesterday = new Date(Date.now() - 86_400_000);
    await Deno.writeTextFile(left, "left by a kill");
    await Deno.utime(left, yesterday, yesterday);
    assertEquals((await train("--resume", `${run}/model.safetensors`, "--epochs", "3")).code, 0);
    await assertSameRuns(run, `${folder}/straight`);
    assertEquals(await Deno.stat(left).catch(() => "gone"), "gone");
  });
});

Deno.test("train --resume takes a new learning rate, a new beta, and the data's new place", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, file = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    await Deno.rename(data, `${folder}/moved`);
    const gone = await train("--resume", file, "--epochs", "2");
    assertEquals([gone.code, gone.stderr], [
      1,
      `error: Cannot load ${data}: expected a folder or an IDX file, got nothing there\n`,
    ]);
    const flags = ["--epochs", "2", "--lr", "5e-4", "--beta", "2", "--data", `${folder}/moved`];
    assertEquals((await train("--resume", file, ...flags)).code, 0);
    const { checkpoint, metadata } = decodeCheckpoint(await Deno.readFile(file));
    assertEquals([checkpoint.step, checkpoint.optimizer.learningRate], [26, 5e-4]);
    assertEquals([JSON.parse(metadata.training).beta, JSON.parse(metadata.training).data], [2, `${folder}/moved`]);
  });
});

Deno.test("train that is killed at any moment leaves a whole checkpoint, from which it goes on", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder, 400), run = `${folder}/run`, file = `${run}/model.safetensors`;
    // Few steps, 4 an epoch, of a model that takes a while to write.
    const flags = ["--hidden", "300,300", "--batch-size", "100", "--data", data, "--epochs", "100000"];
    const size = async () => (await Deno.stat(`${run}/metrics.jsonl`).catch(() => undefined))?.size ?? 0;
    let child = spawn("train", ...flags, "--out", run), step = 0, told = 0;
    await longer(file, 0);
    for (let i = 0; i < 10; i++) {
      // While it starts and prepares its folder, or in the midst of its many writes.
      if (i % 2 === 1) await longer(`${run}/metrics.jsonl`, told);
      await sleep((i % 2 === 1 ? 50 : 300) * Math.random());
      child.kill("SIGKILL");
      await result(child);
      const reached = await stepOf(run);
      assert(reached >= step && reached % 4 === 0, `step ${reached} after ${step}`);
      step = reached;
      told = await size();
      child = spawn("train", "--resume", file);
    }
    await longer(`${run}/metrics.jsonl`, told);
    child.kill("SIGINT");
    assertEquals((await result(child)).code, 130);
    assert(step > 0);
    const lines = await metricsOf(run) as { epoch: number }[];
    assertEquals(lines.map(({ epoch }) => epoch), lines.map((_, i) => i + 1));
    assertEquals(lines.length, Math.floor(await stepOf(run) / 4));
    for await (const { name } of Deno.readDir(run)) assertMatch(name, /^(model\.safetensors|metrics\.jsonl)$/);
  });
});
