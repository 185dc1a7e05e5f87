import { readCheckpoint, removeLeftovers, writeAtomically } from "../../src/cli/checkpoint_file.ts";
import { readRecords } from "../../src/cli/metrics_file.ts";
import { UserError } from "../../src/cli/run.ts";
import { CheckpointError } from "../../src/checkpoint_error.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { inFolder } from "./command.ts";

const OLD = Uint8Array.of(1, 2, 3), NEW = Uint8Array.of(4, 5);

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test("writeAtomically makes a file or replaces it, and leaves nothing beside it", async () => {
  await inFolder(async (folder) => {
    for (const bytes of [OLD, NEW, new Uint8Array(0)]) {
      await writeAtomically(`${folder}/model`, bytes);
      assertEquals(await Deno.readFile(`${folder}/model`), bytes);
      assertEquals(await names(folder), ["model"]);
    }
  });
});

Deno.test("writeAtomically keeps the old file for those who have it open", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/model`, OLD);
    using before = await Deno.open(`${folder}/model`);
    await writeAtomically(`${folder}/model`, NEW);
    assertEquals(await new Response(before.readable).bytes(), OLD);
  });
});

Deno.test("writeAtomically, where it cannot write, says so and leaves what there was", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/model`, inFile = `${file}/model`;
    await Deno.writeFile(file, OLD);
    await assertRejects(() => writeAtomically(inFile, NEW), UserError, `Cannot write ${inFile}: Not a directory`);
    await assertRejects(() => writeAtomically(`${folder}/none/model`, NEW), UserError, "No such file or directory");
    await Deno.mkdir(`${folder}/taken`);
    await assertRejects(() => writeAtomically(`${folder}/taken`, NEW), UserError, `Cannot write ${folder}/taken: `);
    assertEquals(await Deno.readFile(file), OLD);
    assertEquals(await names(folder), ["model", "taken"]);
  });
});

Deno.test("removeLeftovers removes temporary files and nothing else", async () => {
  await inFolder(async (folder) => {
    const id = crypto.randomUUID(), hours = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [`model.${id}.tmp`, "model", "model.tmp", `a.${id}.tmp`, "model.41.tmp"]) {
      await Deno.writeFile(`${folder}/${name}`, OLD);
      await Deno.utime(`${folder}/${name}`, hours, hours);
    }
    // One that another process may be about to rename.
    const young = `model.${crypto.randomUUID()}.tmp`;
    await Deno.writeFile(`${folder}/${young}`, OLD);
    await removeLeftovers(folder, ["model"], 3_600_000);
    assertEquals(await names(folder), [`a.${id}.tmp`, "model", "model.41.tmp", young, "model.tmp"].sort());
    await removeLeftovers(folder, ["model"], 0);
    assertEquals(await names(folder), [`a.${id}.tmp`, "model", "model.41.tmp", "model.tmp"].sort());
  });
});

Deno.test("writeAtomically leaves a link a link, keeps permissions, and writes through no planted one", async () => {
  await inFolder(async (folder) => {
    const target = `${folder}/target`, link = `${folder}/link`, bytes = Uint8Array.of(1, 2, 3);
    await Deno.writeFile(target, OLD, { mode: 0o600 });
    await Deno.symlink("target", link);
    await writeAtomically(link, bytes);
    assertEquals([(await Deno.lstat(link)).isSymlink, await Deno.readFile(target)], [true, bytes]);
    assertEquals((await Deno.stat(target)).mode! & 0o777, 0o600);
    await Deno.chmod(target, 0o666); // more than the umask gives
    await writeAtomically(link, NEW);
    assertEquals((await Deno.stat(target)).mode! & 0o777, 0o666);
    // A link to nothing yet; and one to itself, which is told.
    await Deno.symlink("later", `${folder}/dangling`);
    await writeAtomically(`${folder}/dangling`, bytes);
    assertEquals(await Deno.readFile(`${folder}/later`), bytes);
    // The names that 0.1 used: nothing is written through them any more.
    await Deno.symlink("victim", `${folder}/model.${Deno.pid}.tmp`);
    await writeAtomically(`${folder}/model`, bytes);
    await assertRejects(() => Deno.stat(`${folder}/victim`), Deno.errors.NotFound);
    assertEquals((await names(folder)).filter((name) => name.endsWith(".tmp")), [`model.${Deno.pid}.tmp`]);
  });
});

Deno.test("writeAtomically puts no file in the place of a pipe or a device, also through a link", async () => {
  await inFolder(async (folder) => {
    const pipe = `${folder}/pipe`, link = `${folder}/link`;
    assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    await Deno.symlink("pipe", link);
    for (const path of [pipe, link]) {
      const message = `Cannot write ${path}: expected a regular file, got a device or a pipe`;
      await assertRejects(() => writeAtomically(path, NEW), UserError, message);
    }
    assertEquals((await Deno.lstat(pipe)).isFifo, true);
    assertEquals(await names(folder), ["link", "pipe"]);
  });
});

Deno.test("readRecords does not wait for a pipe, which whoever gave the model may have put beside it", async () => {
  await inFolder(async (folder) => {
    const pipe = `${folder}/metrics.jsonl`;
    assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
    await assertRejects(
      () => readRecords(pipe),
      UserError,
      `Cannot read ${pipe}: expected a regular file, got a device`,
    );
    assertEquals(await readRecords(`${folder}/none`), []);
  });
});

Deno.test("readCheckpoint refuses devices, pipes and folders, of which some never end", async () => {
  await inFolder(async (folder) => {
    const fifo = `${folder}/fifo`;
    assertEquals((await new Deno.Command("mkfifo", { args: [fifo] }).output()).code, 0);
    for (
      const [path, what] of [["/dev/zero", "a device or a pipe"], [fifo, "a device or a pipe"], [folder, "a folder"]]
    ) {
      const message = `Cannot read checkpoint ${path}: expected a regular file, got ${what}`;
      await assertRejects(() => readCheckpoint(path), UserError, message);
    }
  });
});

Deno.test("readCheckpoint names the file that it cannot read", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/model$&.safetensors`;
    await assertRejects(() => readCheckpoint(file), UserError, `Cannot read checkpoint ${file}: No such file`);
    await Deno.writeFile(file, OLD);
    const message = `Cannot read checkpoint ${file}: expected at least 8 bytes, got 3`;
    await assertRejects(() => readCheckpoint(file), CheckpointError, message);
  });
});
