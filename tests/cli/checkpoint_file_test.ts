import { append, readCheckpoint, removeLeftovers, writeAtomically } from "../../src/cli/checkpoint_file.ts";
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

Deno.test("append adds to a file and makes it where there is none", async () => {
  await inFolder(async (folder) => {
    await append(`${folder}/lines`, OLD);
    await append(`${folder}/lines`, NEW);
    assertEquals(await Deno.readFile(`${folder}/lines`), Uint8Array.of(...OLD, ...NEW));
  });
});

Deno.test("removeLeftovers removes temporary files and nothing else", async () => {
  await inFolder(async (folder) => {
    for (const name of ["model.41.tmp", "model", "model.tmp", "a.41.tmp"]) {
      await Deno.writeFile(`${folder}/${name}`, OLD);
    }
    await removeLeftovers(folder, ["model"]);
    assertEquals(await names(folder), ["a.41.tmp", "model", "model.tmp"]);
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
