import { decodeCheckpoint, encodeCheckpoint } from "../../src/checkpoint.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { parseNpy } from "../data/npy.ts";
import { checkPage, titlesOf } from "../report/markup.ts";
import { embed, inFolder, report, SMALL, train, writeData, writeLabels } from "./command.ts";

Deno.test("report writes what train wrote, and tells what it can of a model without its run", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder),
      run = `${folder}/run`,
      model = `${run}/model.safetensors`,
      out = `${folder}/a.html`;
    await writeLabels(data);
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "2", "--out", run)).code, 0);
    const { code, stdout, stderr } = await report("--model", model, "--out", out);
    assertEquals([code, stderr], [0, `data: ${data}, as the model names them\n`]);
    assertMatch(stdout, /^.*a\.html: test loss \d+\.\d\d nats per image\n$/);
    const page = await Deno.readTextFile(out);
    checkPage(page);
    assertEquals(page, await Deno.readTextFile(`${run}/report.html`));
    for (const part of ["data-200-6x5", "30-9-7-3-7-9-30", "2 of 2", "Adam: learningRate 0.001", "after epoch 2"]) {
      assertStringIncludes(page, part);
    }

    // As the API saves it, without the settings of a run, and elsewhere, so that its curves are not known.
    const alone = `${folder}/alone.safetensors`;
    await Deno.writeFile(alone, encodeCheckpoint(decodeCheckpoint(await Deno.readFile(model)).checkpoint));
    assertEquals((await report("--model", alone, "--data", data, "--out", out, "--seed", "3")).code, 0);
    const other = await Deno.readTextFile(out);
    checkPage(other);
    assertEquals(titlesOf(other), titlesOf(page));
    assertStringIncludes(other, "There is no metrics.jsonl beside the model");
    assertStringIncludes(other, "with seed 3");
    assert(!other.includes("<dt>Batch size</dt>"));
  });
});

Deno.test("embed writes the posterior means as .npy or CSV, with labels where there are any", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    await writeLabels(data);
    const write = async (name: string, ...flags: string[]) => {
      const { code, stdout, stderr } = await embed("--model", model, "--out", `${folder}/${name}`, ...flags);
      const told = `data: ${data}, as the model names them\nwarning: ${data} has changed since the model was trained\n`;
      assertEquals([code, stderr], [0, told]); // labels were added
      return stdout.replaceAll(`${folder}/`, "");
    };
    assertEquals(await write("a.npy"), "a.npy: float32 [40, 3]\na.labels.npy: uint8 [40]\n");
    assertEquals(await write("a.csv", "--split", "test"), "a.csv: 40 codes of 3\n");
    assertEquals(await write("train.npy", "--split", "train"), "train.npy: float32 [200, 3]\n");
    const codes = parseNpy(await Deno.readFile(`${folder}/a.npy`)),
      labels = parseNpy(await Deno.readFile(`${folder}/a.labels.npy`));
    assertEquals([codes.descr, codes.shape, labels.descr, labels.shape], ["<f4", [40, 3], "|u1", [40]]);
    assertEquals(parseNpy(await Deno.readFile(`${folder}/train.npy`)).shape, [200, 3]);
    const [head, ...lines] = (await Deno.readTextFile(`${folder}/a.csv`)).trimEnd().split("\n");
    assertEquals([head, lines.length], ["z0,z1,z2,label", 40]);
    lines.forEach((line, i) => {
      const cells = line.split(",").map(Number);
      assertEquals(cells.slice(0, 3).map(Math.fround), codes.values.slice(3 * i, 3 * i + 3));
      assertEquals(cells[3], i % 4);
      assertEquals(labels.values[i], i % 4);
    });
    assertEquals([...new Set(codes.values)].length > 100, true);
  });
});

Deno.test("report and embed tell a mistake in one line and write nothing", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "0", "--out", run)).code, 0);
    const other = await writeData(folder, 50, 5, 6), before = await names(folder);
    const size = "expected images of 6 x 5 pixels as the model was made for, got 5 x 6";
    const html = "option '--out <file>' argument 'a.png' is invalid. Expected a path that ends in .html";
    const codes = "option '--out <file>' argument 'a.png' is invalid. Expected a path that ends in .npy or .csv";
    const missing = `Cannot load ${folder}/none: expected a folder or an IDX file, got nothing there`;
    const cases: [typeof report, string[], string][] = [
      [report, [], "required option '--model <file>' not specified; see deno task report --help"],
      [embed, [], "required option '--model <file>' not specified; see deno task embed --help"],
      [report, ["--model", model, "--out", "a.png"], `${html}; see deno task report --help`],
      [embed, ["--model", model, "--out", "a.png"], `${codes}; see deno task embed --help`],
      [
        report,
        ["--model", model, "--data", other, "--out", `${folder}/a.html`],
        `Cannot report on ${model} with the images of ${other}: ${size}`,
      ],
      [
        embed,
        ["--model", model, "--data", other, "--out", `${folder}/a.npy`],
        `Cannot embed with ${model} with the images of ${other}: ${size}`,
      ],
      [report, ["--model", model, "--data", `${folder}/none`], missing],
      [embed, ["--model", model, "--data", `${folder}/none`], missing],
      [
        report,
        ["--model", model, "--data", data, "--out", `${folder}/none/a.html`],
        `Cannot write ${folder}/none/a.html: No such file or directory (os error 2): open '${folder}/none/a.html.`,
      ],
    ];
    for (const [command, flags, message] of cases) {
      const { code, stdout, stderr } = await command(...flags), wanted = `error: ${message}`;
      assertEquals([code, stdout, stderr.slice(0, wanted.length)], [1, "", wanted]);
      assertEquals(stderr.split("\n").length, 2);
    }
    assertEquals(await names(folder), before);
  });
});

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}
