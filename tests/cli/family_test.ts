import { decodeCheckpoint } from "../../src/checkpoint.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { inFolder, train, writeData } from "./command.ts";

async function checkpointOf(run: string) {
  return decodeCheckpoint(await Deno.readFile(`${run}/model.safetensors`));
}

Deno.test("train --preset tutorial makes that model with its recipe; flags beside it change what they name", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const flags = ["--preset", "tutorial", "--latent", "3", "--epochs", "1", "--data", data, "--out", run];
    assertEquals((await train(...flags)).code, 0);
    const { checkpoint: { config, optimizer }, metadata } = await checkpointOf(run);
    assertEquals([config.likelihood, config.latent, config.encoder.hidden], ["squared-error", 3, [256]]);
    assertEquals([config.encoder.batchNorm, config.decoder.batchNorm], [false, true]);
    assertEquals(optimizer.learningRate, 1e-3);
    const { batchSize, epochs } = JSON.parse(metadata.training);
    assertEquals([batchSize, epochs], [128, 1]);
  });
});

Deno.test("train takes convolutions, a likelihood, an objective, and goes on with them", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const model = "--channels 3,4 --hidden 9 --latent 2 --batch-norm encoder --likelihood gaussian-pixel";
    const course = "--objective dreg --samples 3 --batch-size 7";
    const flags = [...model.split(" "), ...course.split(" "), "--data", data];
    const { code, stdout } = await train(...flags, "--epochs", "1", "--out", run);
    assertEquals(code, 0);
    assertMatch(stdout, /30-c3-c4-9-2-9-c4-c3-30, relu, gaussian-pixel/);
    const { checkpoint: { config }, metadata } = await checkpointOf(run);
    assertEquals([config.image, config.encoder.channels, config.decoder.channels], [[6, 5, 1], [3, 4], [4, 3]]);
    const saved = JSON.parse(metadata.training);
    assertEquals([saved.objective, saved.samples], ["dreg", 3]);

    const file = `${run}/model.safetensors`, refused = await train("--resume", file, "--likelihood", "laplace");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "--likelihood laplace: expected gaussian-pixel, which cannot change");
    assertStringIncludes((await train("--resume", file, "--preset", "tutorial")).stderr, "leave the flag out");

    const whole = `${folder}/whole`;
    assertEquals((await train("--resume", file, "--epochs", "2")).code, 0);
    assertEquals((await train(...flags, "--epochs", "2", "--out", whole)).code, 0);
    assertEquals(await Deno.readFile(file), await Deno.readFile(`${whole}/model.safetensors`));
  });
});

Deno.test("train refuses objectives, presets and convolutions that cannot be", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    const refused = async (flags: string, message: string) => {
      const { code, stderr } = await train(...flags.split(" "), "--data", data, "--out", run);
      assertEquals([flags, code], [flags, 1]);
      assertStringIncludes(stderr, message);
      assert(!stderr.includes("    at "), stderr);
    };
    await refused("--preset tutoriel", "Allowed choices are tutorial");
    await refused("--samples 4 --epochs 1", 'expected samples to be 1 for the objective "elbo"');
    await refused("--samples 0", "Expected an integer of at least 1");
    await refused("--channels 4,4,4", "expected image to be at least 8 x 8, to be halved 3 times");
    await refused("--embedding 3", "expected embedding to be 0 where there are no classes");
    await refused("--kl-warmup -1", "kl-warmup");
  });
});
