import { decode } from "npm:fast-png@8.0.0";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/checkpoint.ts";
import { assert, assertEquals, assertNotEquals } from "../assert.ts";
import { inFolder, sample, SMALL, train, writeData } from "./command.ts";

Deno.test("sample draws a grid of images, the same for the same seed", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    const draw = async (name: string, ...flags: string[]) => {
      const out = `${folder}/${name}.png`, { code, stdout } = await sample("--model", model, "--out", out, ...flags);
      assertEquals(code, 0);
      return { stdout, bytes: await Deno.readFile(out) };
    };
    const { bytes, stdout } = await draw("a", "--n", "12", "--seed", "3");
    assertEquals(stdout, `${folder}/a.png: 12 images of 6 x 5\n`);
    const { width, height, channels } = decode(bytes);
    assertEquals([width, height, channels], [4 * (5 * 9 + 2) + 2, 3 * (6 * 9 + 2) + 2, 1]);
    assertEquals((await draw("b", "--n", "12", "--seed", "3")).bytes, bytes);
    assertNotEquals((await draw("c", "--n", "12", "--seed", "4")).bytes, bytes);
    assertEquals((await draw("d")).bytes, await Deno.readFile(`${run}/samples.png`));
  });
});

Deno.test("sample makes squares of images whose size the file does not tell, or else rows", async () => {
  await inFolder(async (folder) => {
    for (const [height, width, shown] of [[3, 3, "3 x 3"], [1, 9, "3 x 3"], [2, 4, "1 x 8"]] as const) {
      const data = await writeData(folder, 20, height, width), run = `${folder}/${height}x${width}`;
      const model = `${run}/model.safetensors`, out = `${run}/grid.png`;
      assertEquals((await train(...SMALL, "--data", data, "--epochs", "0", "--out", run)).code, 0);
      const { stdout } = await sample("--model", model, "--out", out, "--n", "1");
      assertEquals(stdout, `${out}: 1 image of ${height} x ${width}\n`);
      // As the API saves it: without the settings of a run.
      await Deno.writeFile(model, encodeCheckpoint(decodeCheckpoint(await Deno.readFile(model)).checkpoint));
      assertEquals((await sample("--model", model, "--out", out)).stdout, `${out}: 64 images of ${shown}\n`);
      // And training goes on from that, too.
      const { code, stderr } = await train("--resume", model, "--data", data, "--epochs", "1");
      assert(code === 0, stderr);
    }
  });
});

Deno.test("sample tells a mistake in one line and leaves everything as it was", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`, damaged = new Uint8Array(100).fill(7);
    await Deno.writeFile(model, damaged);
    const cases: [string[], string][] = [
      [[], "required option '--model <file>' not specified; see deno task sample --help"],
      [
        ["--model", model, "--out", model],
        `option '--out <file>' argument '${model}' is invalid. Expected a path that ends in .png; see deno task sample --help`,
      ],
      [
        ["--model", model, "--n", "0"],
        "option '--n <count>' argument '0' is invalid. Expected an integer from 1 to 10000; see deno task sample --help",
      ],
      [
        ["--model", `${folder}/none`],
        `Cannot read checkpoint ${folder}/none: No such file or directory (os error 2): stat '${folder}/none'`,
      ],
      [
        ["--model", model, "--out", `${folder}/a.png`],
        `Cannot read checkpoint ${model}: expected a header of at most 2097152 bytes, got 506381209866536711`,
      ],
    ];
    for (const [flags, message] of cases) {
      const { code, stdout, stderr } = await sample(...flags);
      assertEquals([code, stdout, stderr], [1, "", `error: ${message}\n`]);
    }
    assertEquals(await Deno.readFile(model), damaged);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  });
});
