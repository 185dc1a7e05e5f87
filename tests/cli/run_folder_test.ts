/** What other processes, and the disk, may do to the folder of a run while it trains. */
import { decodeCheckpoint } from "../../src/checkpoint.ts";
import { FolderLock } from "../../src/cli/lock.ts";
import { checkRoom } from "../../src/cli/room.ts";
import { UserError } from "../../src/cli/run.ts";
import { WatchedFile } from "../../src/cli/watched_file.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../assert.ts";
import { COMMAND, inFolder, inShell, longer, metricsOf, result, SMALL, spawn, train, writeData } from "./command.ts";

const FOREVER = ["--epochs", "1000000"];
const bytes = (text: string) => new TextEncoder().encode(text);

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
}

function stepOf(run: string): number {
  return decodeCheckpoint(Deno.readFileSync(`${run}/model.safetensors`)).checkpoint.step;
}

Deno.test("a lock is given up by its own holder only, whatever became of the folder", async () => {
  await inFolder(async (folder) => {
    const run = `${folder}/run`;
    await Deno.mkdir(run);
    const first = await FolderLock.take(run);
    assert(first.isHeld);
    await Deno.rename(run, `${folder}/moved`);
    assert(!first.isHeld);
    await Deno.mkdir(run);
    using second = await FolderLock.take(run);
    first[Symbol.dispose]();
    assert(second.isHeld, "the first took the second's file away");
    await assertRejects(() => FolderLock.take(run), UserError, `held by process ${Deno.pid}`);
  });
});

Deno.test("a resume asks for the lock before it reads the checkpoint", async () => {
  await inFolder(async (folder) => {
    // Were it read first, the message would be on the file.
    const model = `${folder}/model.safetensors`;
    await Deno.writeFile(model, bytes("half a checkpoint"));
    using _ = await FolderLock.take(folder);
    for (const flags of [[], ["--out", folder]]) {
      const { code, stderr } = await train("--resume", model, ...flags);
      assertEquals(code, 1);
      assertMatch(
        stderr,
        /^error: Cannot write to .*: expected a folder that no other training writes to, got one held/,
      );
    }
  });
});

Deno.test("of several new trainings into one folder exactly one goes on", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), flags = [...SMALL, "--data", data, ...FOREVER, "--out", `${folder}/run`];
    const children = [1, 2, 3].map(() => spawn("train", ...flags));
    const refused: string[] = [];
    const ends = children.map(async (child) => {
      const end = await result(child);
      if (end.code === 1) refused.push(end.stderr);
      return end.code;
    });
    await Promise.race(ends);
    await longer(`${folder}/run/metrics.jsonl`, 0);
    for (let i = 0; refused.length < 2 && i < 500; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const child of children) {
      try {
        child.kill("SIGTERM");
      } catch { /* It was refused. */ }
    }
    assertEquals((await Promise.all(ends)).toSorted((a, b) => a - b), [1, 1, 143]);
    for (const line of refused) assertMatch(line, /^error: Cannot write to .*, got one held by .*\n$/);
  });
});

Deno.test("WatchedFile keeps what another process wrote, and tells of it", async () => {
  await inFolder(async (folder) => {
    const kept: string[][] = [], path = `${folder}/model.bin`;
    const file = new WatchedFile(path, (...names) => kept.push(names));
    await file.replace(bytes("one"));
    await file.replace(bytes("two"));
    assertEquals(kept, []);
    for (const [i, change] of ["six", "longer than the one before"].entries()) {
      await Deno.writeTextFile(`${folder}/new`, change);
      await Deno.rename(`${folder}/new`, path);
      assert(!await file.append(bytes("!")));
      await file.replace(bytes("three"));
      assertEquals(kept[i], [path, `${folder}/model.replaced-${i + 1}.bin`]);
      assertEquals(await Deno.readTextFile(kept[i][1]), change);
      assertEquals(await Deno.readTextFile(path), "three");
    }
    assert(await file.append(bytes(" and")));
    assert(await file.append(bytes(" four")));
    assertEquals(await Deno.readTextFile(path), "three and four");
    await Deno.writeTextFile(path, "!", { append: true });
    assert(!await file.append(bytes("?")));
    await Deno.remove(path);
    assert(!await file.append(bytes("?")));
    await file.replace(bytes("five"));
    assertEquals([kept.length, await Deno.readTextFile(path)], [2, "five"]);
    const within = new WatchedFile(`${path}/none`, () => {});
    await assertRejects(() => within.append(bytes("?")), UserError, `Cannot write ${path}/none: Not a directory`);
  });
});

Deno.test("train goes on when its folder is removed, or its files are replaced, tells so and loses no line", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    const child = spawn("train", ...SMALL, "--data", data, ...FOREVER, "--out", run, "--json"),
      metrics = `${run}/metrics.jsonl`;
    const output = child.stdout.pipeThrough(new TextDecoderStream()), printed = Array.fromAsync(output);
    const warned = new Response(child.stderr).text();
    await longer(metrics, 0);
    await Deno.rename(run, `${folder}/removed`); // at one stroke: file by file, the run could add another in between
    await Deno.remove(`${folder}/removed`, { recursive: true });
    await longer(metrics, 0);
    await Deno.writeTextFile(`${folder}/other`, "another model");
    await Deno.rename(`${folder}/other`, model);
    await Deno.remove(metrics);
    await longer(metrics, 0);
    await longer(`${run}/model.replaced-1.safetensors`, 0);
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    const warnings = (await warned).split("\n").filter((line) => line.startsWith("warning: "));
    assertEquals(warnings, [
      `warning: ${run} was removed or renamed while training; it is made again`,
      `warning: ${model} was written by another process while training; its file is kept as ` +
      `${run}/model.replaced-1.safetensors`,
    ]);
    assertEquals(await Deno.readTextFile(`${run}/model.replaced-1.safetensors`), "another model");
    const lines = (await metricsOf(run)) as { epoch: number }[];
    assertEquals(lines.map(({ epoch }) => epoch), lines.map((_, i) => i + 1));
    assertEquals((await printed).join("").trimEnd().split("\n").length, lines.length);
    assertEquals(Math.floor(stepOf(run) / 13), lines.length);
    assertEquals(names(run), ["metrics.jsonl", "model.replaced-1.safetensors", "model.safetensors"]);
  });
});

Deno.test("train that can write no longer says so in one line, with what is saved", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const child = spawn("train", ...SMALL, "--data", data, ...FOREVER, "--out", run, "--json");
    await longer(`${run}/metrics.jsonl`, 0);
    await Deno.rename(run, `${folder}/moved`);
    await Deno.writeTextFile(run, "a file where the folder was");
    const { code, stderr } = await result(child), lines = stderr.trimEnd().split("\n");
    assertEquals(code, 1);
    assertMatch(lines.at(-1)!, /^error: Cannot write .*\/run: .*; nothing is saved there$/);
    assert(!stderr.includes("    at "), stderr);
    assertEquals(stepOf(`${folder}/moved`) % 13, 0); // a whole epoch's, perhaps none: the line of metrics comes first
  });
});

Deno.test("checkRoom leaves nothing behind, and writes through no link that waits there", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/target`, "precious");
    await Deno.mkdir(`${folder}/run`);
    await Deno.symlink(`${folder}/target`, `${folder}/run/room.tmp`);
    const need = { checkpoint: 1000, checkpoints: 2, epochs: 10, size: { height: 2, width: 2 } };
    await checkRoom(`${folder}/run`, need);
    assertEquals(names(`${folder}/run`), []);
    assertEquals(await Deno.readTextFile(`${folder}/target`), "precious");
    await assertRejects(() => checkRoom(`${folder}/none`, need), UserError, "No such file or directory");
  });
});

/** A command on a small disk of its own, which only its process sees; not every system lets one be made. */
const onDisk = (kilobytes: number, path: string) =>
  `exec unshare -rm bash -c 'mount -t tmpfs -o size=${kilobytes}k tmpfs ${path} && ${COMMAND}; ` +
  `code=$?; ls -A ${path}; exit $code' bash ${COMMAND}`;
const probe = await new Deno.Command("bash", { args: ["-c", onDisk(64, "/tmp"), "bash", "true"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "train that has no room for its checkpoints or its pictures says so before it begins",
  ignore: !probe,
  async fn() {
    await inFolder(async (folder) => {
      const data = await writeData(folder), disk = `${folder}/disk`;
      await Deno.mkdir(disk);
      const flags = (hidden: string) => ["--hidden", hidden, "--data", data, "--epochs", "2", "--out", disk];
      // Of 400 units a checkpoint has 400 kB: one fits, two do not; and the small model leaves no room for pictures.
      for (const [kilobytes, hidden] of [[700, "400"], [700, "9"]] as const) {
        const { code, stdout, stderr } = await inShell(onDisk(kilobytes, disk), "train", ...flags(hidden));
        assertMatch(
          stderr,
          /^error: Cannot train in .*: expected room for [\d,]+ bytes \(.*\), got [\d,]+: No space left .*\n$/,
        );
        assertEquals([code, stdout], [1, ""]);
      }
      const { code, stdout, stderr } = await inShell(onDisk(16_384, disk), "train", ...flags("9"));
      assertEquals([code, stderr], [0, ""]);
      assertStringIncludes(stdout, "report.html\n");
    });
  },
});
