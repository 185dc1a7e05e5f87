import { averaged, dataset, evaluate as measure, init, key, load, loadImages, save } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { evaluate, inFolder, result, SMALL, spawn, train, writeData } from "./command.ts";

/** A label for each image of such a folder. */
async function writeLabels(data: string, part: "train" | "t10k", count: number, classes: number): Promise<void> {
  const labels = Array.from({ length: count }, (_, i) => i % classes), header = [0, 0, 8, 1, 0, 0, 0, count];
  await Deno.writeFile(`${data}/${part}-labels-idx1-ubyte`, Uint8Array.of(...header, ...labels));
}

Deno.test("evaluate --json prints the figures with all that they depend on, of the averaged parameters", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    const flags = ["--epochs", "2", "--binarize", "dynamic", "--average-decay", "0.5"];
    assertEquals((await train(...SMALL, ...flags, "--data", data, "--out", run)).code, 0);
    const state = load(await Deno.readFile(model)), { test } = await loadImages(data);
    using images = dataset(test);
    // Without flags: data and binarization as trained.
    const { code, stdout, stderr } = await evaluate("--model", model, "--json");
    assertEquals([code, stderr], [0, `data: ${data}, as the model names them\n`]);
    const { seconds, ...record } = JSON.parse(stdout), name = data.split("/").at(-1);
    const settings = {
      ...{ model, step: 26, averaged: true, likelihood: "bernoulli", data: name, split: "test", examples: 40 },
      ...{ binarize: "dynamic", bound: "elbo", seed: 0, batchSize: 100, latent: 3 },
    };
    const { loss: _, ...wanted } = await measure(averaged(state), images, { key: key(0), binarize: "dynamic" });
    assertEquals(record, { ...settings, ...wanted });
    assert(seconds >= 0);

    // The same samples for the same seed; another seed, others.
    const at = async (...more: string[]) => {
      const { seconds: _, ...record } = JSON.parse((await evaluate("--model", model, "--json", ...more)).stdout);
      return record;
    };
    const own = ["--samples", "7", "--batch-size", "16", "--seed", "3", "--binarize", "none", "--threads", "1"];
    const sampled = await at(...own), options = { key: key(3), batchSize: 16, samples: 7 };
    const { loss: __, ...measures } = await measure(averaged(state), images, options);
    const bound = { binarize: "none", bound: "importance weighted", seed: 3, batchSize: 16 };
    assertEquals(sampled, { ...settings, ...bound, ...measures });
    assert(sampled.nllStandardError > 0 && sampled.nll < -sampled.elbo + 5 * sampled.elboStandardError);
    assert((await at(...own, "--seed", "4")).nll !== sampled.nll);

    // The train images, and the first of them.
    const { split, examples } = await at("--split", "train");
    assertEquals([split, examples], ["train", 200]);
    assertEquals((await at("--split", "train", "--limit", "7")).examples, 7);
    assertEquals((await at("--limit", "1000")).examples, 40);
  });
});

Deno.test("evaluate prints a table, and says what gray pixels are measured by", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    assertEquals((await train(...SMALL, "--epochs", "1", "--data", data, "--out", run)).code, 0);
    const { code, stdout, stderr } = await evaluate("--model", model, "--samples", "1000", "--batch-size", "9");
    assertEquals([code, stderr], [0, `data: ${data}, as the model names them\n`]);
    const lines = stdout.trimEnd().split("\n"), number = " +-?[0-9]+[.][0-9]{3}";
    const wanted = [
      `${model}: step 13, likelihood "bernoulli"`,
      "data-200-6x5: 40 test images, binarize none, seed 0, batch size 9",
      "gray pixels: what follows are cross-entropies, not log-likelihoods [(]--binarize dynamic gives them[)]",
      " +nats +standard error",
      `ELBO, 1 sample${number}${number}`,
      `  reconstruction${number}`,
      `  KL${number}`,
      `-log p[(]x[)], 1,000 samples${number}${number}`,
      "active units: [0-3] of 3",
      "KL by dimension:( [0-9]+[.][0-9]{2}){3}",
    ];
    assertEquals(lines.length, wanted.length);
    wanted.forEach((pattern, i) => assertMatch(lines[i], new RegExp(`^${pattern}$`)));
    const one = (await evaluate("--model", model, "--binarize", "dynamic", "--limit", "1")).stdout.split("\n");
    assertEquals(one[1], "data-200-6x5: 1 test image, binarize dynamic, seed 0, batch size 100");
    assertMatch(one[3], new RegExp(`^ELBO, 1 sample${number} +-$`));
  });
});

Deno.test("evaluate gives a conditional model the labels beside the images", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), model = `${folder}/model.safetensors`;
    const state = init({ input: 30, hidden: [9], latent: 3, classes: 4 }, { key: key(0) });
    await Deno.writeFile(model, save(state));
    const refused = async (wanted: string, ...more: string[]) => {
      const { code, stdout, stderr } = await evaluate("--model", model, "--data", data, ...more);
      assertEquals([code, stdout, stderr], [1, "", `error: Cannot evaluate ${wanted}\n`]);
    };
    const none = `${model}: expected labels, since the model has 4 classes, got none; put`;
    await refused(`${none} t10k-labels-idx1-ubyte beside the images`);
    await writeLabels(data, "t10k", 40, 4);
    await refused(`${none} train-labels-idx1-ubyte beside the images`, "--split", "train");
    const { code, stdout } = await evaluate("--model", model, "--data", data, "--json"),
      { test } = await loadImages(data);
    using images = dataset(test);
    const { elbo } = await measure(state.params, images, { key: key(0) });
    assertEquals([code, JSON.parse(stdout).elbo], [0, elbo]);
    await writeLabels(data, "t10k", 40, 5);
    const { code: failed, stderr } = await evaluate("--model", model, "--data", data);
    assertEquals([failed, stderr], [1, "error: Cannot evaluate: expected labels in [0, 4), got 4 at 4\n"]);
  });
});

Deno.test("evaluate tells a mistake in one line", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder),
      other = await writeData(folder, 20, 5, 6),
      model = `${folder}/model.safetensors`;
    await Deno.writeFile(model, save(init({ input: 12, hidden: [3], latent: 2 }, { key: key(0) })));
    const run = `${folder}/run`, trained = `${run}/model.safetensors`, help = "see deno task evaluate --help";
    assertEquals((await train(...SMALL, "--epochs", "0", "--data", data, "--out", run)).code, 0);
    const cases: [string[], string][] = [
      [[], `required option '--model <file>' not specified; ${help}`],
      [
        ["--model", model, "--samples", "0"],
        `option '--samples <k>' argument '0' is invalid. Expected an integer of at least 1; ${help}`,
      ],
      [
        ["--model", model, "--split", "valid"],
        `option '--split <name>' argument 'valid' is invalid. Allowed choices are test, train; ${help}`,
      ],
      [
        ["--model", model, "--data", data],
        `Cannot evaluate ${model} with the images of ${data}: ` +
        "expected images of 12 pixels as the model was made for, got 6 x 5",
      ],
      [
        ["--model", trained, "--data", other],
        `Cannot evaluate ${trained} with the images of ${other}: ` +
        "expected images of 6 x 5 pixels as the model was made for, got 5 x 6",
      ],
      [
        ["--model", `${folder}/none`],
        `Cannot read checkpoint ${folder}/none: No such file or directory (os error 2): stat '${folder}/none'`,
      ],
    ];
    for (const [flags, message] of cases) {
      const { code, stdout, stderr } = await evaluate(...flags);
      assertEquals([code, stdout, stderr], [1, "", `error: ${message}\n`]);
    }
  });
});

Deno.test("evaluate ends at once with 130 when Ctrl-C is pressed", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), model = `${folder}/model.safetensors`;
    await Deno.writeFile(model, save(init({ input: 30, hidden: [9], latent: 3 }, { key: key(0) })));
    const child = spawn("evaluate", "--model", model, "--data", data, "--samples", "1000000000");
    const [told, rest] = child.stdout.tee(), reader = told.getReader();
    await reader.read(); // the first line: from here on it measures, which would take hours
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    await Promise.all([reader.cancel(), rest.cancel(), child.stderr.cancel()]);
  });
});

Deno.test("evaluate --help explains the measures", async () => {
  const { code, stdout } = await result(spawn("evaluate", "--help"));
  assertEquals(code, 0);
  for (const word of ["--samples <k>", "-log p(x)", "cross-entropies", "--split <name>"]) assert(stdout.includes(word));
});
