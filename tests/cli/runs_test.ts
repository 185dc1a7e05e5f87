/** What can go wrong around a run: two at once, other data, signals at any time, an output that cannot be written. */
import { decodeCheckpoint } from "../../src/checkpoint.ts";
import { FolderLock } from "../../src/cli/lock.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../assert.ts";
import {
  COMMAND,
  embed,
  evaluate,
  idx,
  inFolder,
  inShell,
  longer,
  metricsOf,
  report,
  result,
  sleep,
  SMALL,
  spawn,
  train,
  writeData,
} from "./command.ts";

const FOREVER = ["--epochs", "1000000"];

/** The state that a run has saved. */
async function stepOf(run: string): Promise<number> {
  return decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`)).checkpoint.step;
}

Deno.test("of two trainings into one folder, or of two resumes, the second is told who holds it", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    const first = spawn("train", ...SMALL, ...FOREVER, "--data", data, "--out", run);
    await longer(`${run}/metrics.jsonl`, 0);
    const wanted = new RegExp(
      `^error: Cannot write to ${run}: expected a folder that no other training writes to, ` +
        `got one held by process ${first.pid}( on .+)? since \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\\n$`,
    );
    for (const flags of [["--data", data, "--out", run], ["--resume", model]]) {
      const { code, stdout, stderr } = await train(...flags);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, wanted);
    }
    first.kill("SIGINT");
    assertEquals((await result(first)).code, 130);
    assertEquals((await metricsOf(run)).length, Math.floor(await stepOf(run) / 13));
  });
});

Deno.test("a run whose process was killed can be taken over, by one of several that try", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    const first = spawn("train", ...SMALL, ...FOREVER, "--data", data, "--out", run);
    await longer(`${run}/metrics.jsonl`, 0);
    first.kill("SIGKILL");
    await result(first);
    const begun = await stepOf(run);
    const others = Array.from({ length: 3 }, () => spawn("train", "--resume", model, "--json"));
    const ended = await Promise.race(others.map((child) => child.status.then(() => child)));
    assertEquals((await ended.status).code, 1);
    await longer(`${run}/metrics.jsonl`, (await Deno.stat(`${run}/metrics.jsonl`)).size);
    await sleep(500);
    for (const child of others) {
      try {
        child.kill("SIGTERM");
      } catch { /* It was refused, and has ended. */ }
    }
    const codes = (await Promise.all(others.map(result))).map(({ code }) => code).toSorted((a, b) => a - b);
    assertEquals(codes, [1, 1, 143]);
    assert(await stepOf(run) > begun);
  });
});

Deno.test("a folder's lock is free again once it was disposed of, and leaves no file", async () => {
  await inFolder(async (folder) => {
    {
      using _ = await FolderLock.take(folder);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [".lock"]);
      const pid = `held by process ${Deno.pid} `;
      // One process may open the file twice; the lock belongs to the open file.
      await assertRejects(() => FolderLock.take(folder), Error, pid);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
    using _ = await FolderLock.take(folder);
  });
});

Deno.test("a resume on other data is refused unless asked for, and measuring them is told", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    const { metadata } = decodeCheckpoint(await Deno.readFile(model)).checkpoint &&
      decodeCheckpoint(await Deno.readFile(model));
    const before = JSON.parse(metadata.training);
    assertMatch(before.dataHash, /^[0-9a-f]{64}$/);
    const pixels = idx(40, 6, 5);
    pixels[20] ^= 1;
    await Deno.writeFile(`${data}/t10k-images-idx3-ubyte`, pixels);
    const { code, stderr } = await train("--resume", model, "--epochs", "2");
    assertEquals(code, 1);
    assertStringIncludes(stderr, "expected the data that the run began with, got others (SHA-256 ");
    assertStringIncludes(stderr, "--other-data continues on them");
    const warning = `warning: ${data} has changed since the model was trained\n`;
    for (const command of [evaluate, embed, report]) {
      const out = command === evaluate ? [] : ["--out", `${folder}/out.${command === embed ? "npy" : "html"}`];
      assertEquals(
        (await command("--model", model, ...out)).stderr,
        `data: ${data}, as the model names them\n${warning}`,
      );
    }
    assertEquals((await train("--resume", model, "--epochs", "2", "--other-data")).code, 0);
    const after = JSON.parse(decodeCheckpoint(await Deno.readFile(model)).metadata.training);
    assert(after.dataHash !== before.dataHash && after.dataHash.length === 64);
    assertEquals((await train("--resume", model, "--epochs", "3")).code, 0);
  });
});

Deno.test("a file of elbo 0.1, without a hash, resumes, and is split as it was", async () => {
  await inFolder(async (folder) => {
    const data = `${folder}/images`, run = `${folder}/run`, model = `${run}/model.safetensors`;
    await Deno.writeFile(data, idx(50, 6, 5));
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--hold-out", "end", "--out", run)).code, 0);
    const { checkpoint, metadata } = decodeCheckpoint(await Deno.readFile(model));
    const { dataHash: _, holdOut: __, batchSize: batch, ...rest } = JSON.parse(metadata.training);
    const { encodeCheckpoint } = await import("../../src/checkpoint.ts");
    await Deno.writeFile(model, encodeCheckpoint(checkpoint, { training: JSON.stringify({ ...rest, batch }) }));
    assertEquals((await train("--resume", model, "--epochs", "2")).code, 0);
    const { holdOut, batchSize, dataHash } = JSON.parse(decodeCheckpoint(await Deno.readFile(model)).metadata.training);
    assertEquals([holdOut, batchSize, dataHash.length], ["end", 16, 64]);
    const refused = await train("--resume", model, "--epochs", "3", "--hold-out", "random");
    assertStringIncludes(refused.stderr, "--hold-out random: expected end, which cannot change");
  });
});

Deno.test("a resume of a finished run says that there is nothing to train", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    const first = await train(...SMALL, "--data", data, "--epochs", "2", "--out", run);
    assert(first.code === 0 && !first.stdout.includes("nothing to train"));
    const { code, stdout } = await train("--resume", model);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "nothing to train: 26 steps make 2 of 2 epochs\n");
  });
});

Deno.test("SIGHUP saves and ends with 129, and the run continues", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const child = spawn("train", ...SMALL, ...FOREVER, "--data", data, "--out", run);
    await longer(`${run}/metrics.jsonl`, 0);
    child.kill("SIGHUP");
    assertEquals((await result(child)).code, 129);
    assertEquals((await metricsOf(run)).length, Math.floor(await stepOf(run) / 13));
  });
});

Deno.test("train stopped while the test set is measured loses no epoch, and gives the same lines when resumed", async () => {
  await inFolder(async (folder) => {
    // One step per epoch, and a test set that takes several seconds to measure: most of the time is spent on it.
    const data = `${folder}/data`, straight = `${folder}/straight`, run = `${folder}/run`;
    await Deno.mkdir(data);
    await Deno.writeFile(`${data}/train-images-idx3-ubyte`, idx(64, 28, 28));
    await Deno.writeFile(`${data}/t10k-images-idx3-ubyte`, idx(20_000, 28, 28));
    const flags = ["--hidden", "1200", "--latent", "3", "--batch-size", "64", "--threads", "1", "--data", data];
    assertEquals((await train(...flags, "--epochs", "2", "--out", straight)).code, 0);
    const child = spawn("train", ...flags, "--epochs", "2", "--out", run);
    await longer(`${run}/metrics.jsonl`, 0); // the second epoch begins, whose one step is soon done
    await sleep(400);
    const asked = performance.now();
    child.kill("SIGINT");
    const { code, stderr } = await result(child), took = performance.now() - asked;
    assertEquals([code, stderr], [130, "stopping after saving; press Ctrl-C again to quit immediately\n"]);
    assert(took < 30_000);
    assertEquals((await metricsOf(run)).length, 1, "it was stopped after the second line");
    assertEquals((await train("--resume", `${run}/model.safetensors`)).code, 0);
    assertEquals(await metricsOf(run), await metricsOf(straight));
    const [a, b] = await Promise.all([run, straight].map((path) => Deno.readFile(`${path}/samples.png`)));
    assertEquals(a, b);
  });
});

Deno.test("an output that cannot be written ends a training in one line, and its state is saved", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), hint = "what is trained is saved, continue with: deno task train --resume ";
    const run = (out: string, redirect: string, ...more: string[]) =>
      inShell(`${COMMAND} ${redirect}`, "train", ...SMALL, "--data", data, "--epochs", "400", "--out", out, ...more);
    for (const [i, json] of [[], ["--json"]].entries()) {
      const full = await run(`${folder}/full${i}`, "> /dev/full", ...json);
      assertMatch(full.stderr, /^(.*\n)*error: Cannot write to standard output: No space left on device.*\n$/);
      assertStringIncludes(full.stderr, `; ${hint}${folder}/full${i}/model.safetensors\n`);
      assert(!full.stderr.includes("    at ") && full.code === 1, full.stderr);
      assertEquals(await stepOf(`${folder}/full${i}`) % 13, 0);
      const closed = await run(`${folder}/closed${i}`, "| head -n 4", ...json);
      assertMatch(closed.stderr, /^(.*\n)*error: Cannot write to standard output: its reader is gone; .*\n$/);
      assertStringIncludes(closed.stderr, `; ${hint}${folder}/closed${i}/model.safetensors\n`);
      assert(!closed.stderr.includes("    at "), closed.stderr);
      assert(await stepOf(`${folder}/closed${i}`) > 0);
    }
    // Notes on standard error are not worth a run.
    const { code } = await run(`${folder}/mute`, "2> /dev/full", "--epochs", "1");
    assertEquals([code, await stepOf(`${folder}/mute`)], [0, 13]);
  });
});

Deno.test("labels come from all images, gaps between them are told, and are not drawn", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const labels = (count: number, label: (i: number) => number) =>
      Uint8Array.of(0, 0, 8, 1, 0, 0, 0, count, ...Array.from({ length: count }, (_, i) => label(i)));
    await Deno.writeFile(`${data}/train-labels-idx1-ubyte`, labels(200, (i) => i < 150 ? 0 : 4));
    const flags = [...SMALL, "--data", data, "--epochs", "1", "--conditional"];
    const missing = await train(...flags, "--out", run);
    assertEquals([missing.code, missing.stderr], [
      1,
      "error: Cannot train with --conditional: expected labels of the test images, got none\n",
    ]);
    await Deno.writeFile(`${data}/t10k-labels-idx1-ubyte`, labels(40, (i) => i % 2 ? 4 : 0));
    const { code, stderr } = await train(...flags, "--limit", "100", "--out", run);
    assertEquals([code, stderr], [0, "warning: no train images have the labels 1, 2, 3; they are not drawn\n"]);
    const { checkpoint, metadata } = decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`));
    assertEquals([checkpoint.config.classes, JSON.parse(metadata.training).labels], [5, [0, 4]]);
    assertStringIncludes(await Deno.readTextFile(`${run}/report.html`), "Their labels are 0, 4 in turn.");
  });
});

Deno.test("a warm-up longer than the run is told before it begins", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder);
    const flags = ["--epochs", "2", "--kl-warmup", "5", "--warmup", "1", "--out", `${folder}/run`];
    const { code, stderr } = await train(...SMALL, "--data", data, ...flags);
    assertEquals(code, 0);
    assertMatch(
      stderr,
      /^warning: the weight of the KL reaches 0\.\d+ of 1: its warm-up takes 65 steps, but .* after 26\n$/,
    );
  });
});
