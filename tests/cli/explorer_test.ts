/** `deno task explorer`: what it writes, and what it refuses. tests/explorer has the page itself. */
import { init, key, save } from "../../mod.ts";
import * as edge from "../../src/edge/mod.ts";
import { explorer as page } from "../../src/explorer/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { drawn } from "../edge/models.ts";
import { explorer, exportModel, inFolder, writeData } from "./command.ts";

Deno.test("explorer writes the page, and the model that export writes, to a folder that it makes", async () => {
  await inFolder(async (folder) => {
    const file = save(init({ input: 30, hidden: [20], latent: 3 }, { key: key(0) })), out = `${folder}/a/site`;
    await Deno.writeFile(`${folder}/model.safetensors`, file);
    for (const more of [[], ["--float16"]]) {
      const { code, stdout, stderr } = await explorer("--model", `${folder}/model.safetensors`, "--out", out, ...more);
      assertEquals([code, stderr], [0, ""]);
      assertMatch(
        stdout,
        /model\.safetensors: parameters, float(16|32), [\d,]+ bytes of [\d,]+\n(--data measures .*\n)?.*index\.html: [\d,]+ bytes\n$/,
      );
      assertEquals(await Deno.readTextFile(`${out}/index.html`), page);
      const got = await Deno.readFile(`${out}/model.safetensors`), same = `${folder}/same.safetensors`;
      await exportModel("--model", `${folder}/model.safetensors`, "--out", same, ...more);
      assertEquals(got, await Deno.readFile(same));
      assertEquals(drawn(await edge.load(got)).length, 90);
    }
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).toSorted(), ["index.html", "model.safetensors"]);
  });
});

Deno.test("explorer tells what float16 does to the ELBO, or by which of its flags it can be told", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`, data = await writeData(folder);
    await Deno.writeFile(model, save(init({ input: 30, latent: 3 }, { key: key(0) })));
    const second = async (...more: string[]) => {
      const { code, stdout, stderr } = await explorer(
        "--model",
        model,
        "--out",
        `${folder}/site`,
        "--float16",
        ...more,
      );
      assertEquals([code, stderr], [0, ""]);
      return stdout.split("\n")[1];
    };
    assertMatch(await second(), /^--data measures /);
    assertMatch(await second("--data", data), /^ELBO of 40 test images: -[\d.]+ nats, exported -[\d.]+ nats$/);
  });
});

Deno.test("explorer refuses to write over the model, a folder that is a file, and models that are none", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`, file = save(init({ input: 30, latent: 3 }, { key: key(0) }));
    await Deno.writeFile(model, file);
    await Deno.writeTextFile(`${folder}/file`, "");
    const refused = async (args: string[], message: string) => {
      const { code, stdout, stderr } = await explorer(...args);
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, message);
    };
    await refused(["--model", model, "--out", folder], "it is the model itself");
    await refused(["--model", model, "--out", `${folder}/file`], `Cannot write to ${folder}/file`);
    await refused(["--model", `${folder}/none`, "--out", `${folder}/site`], "Cannot read checkpoint");
    await refused(["--model", model], "--out");
    assertEquals(await Deno.readFile(model), file);
    assert(!await Deno.stat(`${folder}/site`).catch(() => undefined));
  });
});
