import { averaged, dataset, evaluate, generate, init, key, save, type State, step, tf } from "../../mod.ts";
import * as edge from "../../src/edge/mod.ts";
import { toMetadata } from "../../src/cli/settings.ts";
import { readIdx } from "../../src/data/idx.ts";
import { toImages } from "../../src/data/images.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { withTensors } from "../api/model.ts";
import { exportModel, inFolder, writeData } from "./command.ts";

/** A state that was trained a little, on images of 6 x 5. */
function trained(averageDecay?: number): State {
  let state: State = init({ input: 30, hidden: [20], latent: 3 }, { key: key(0), optimizer: { averageDecay } });
  for (let i = 0; i < 5; i++) [state] = step(state, tf.fill([8, 30], 0.5), { key: key(i) });
  return state;
}

/** The state with each value of its kernels changed. */
function kernels(state: State, f: (value: number) => number): State {
  const changed = (t: tf.Tensor) => t.rank > 1 ? tf.tensor(t.dataSync<"float32">().map(f), t.shape) : t;
  return { ...state, params: withTensors(state.params, changed) };
}

function drawn(model: edge.Model): Float32Array {
  return edge.generate(model, { n: 4, key: edge.key(1) }).data;
}

Deno.test("export writes a third of a model, which the edge takes for the same", async () => {
  await inFolder(async (folder) => {
    const state = trained(),
      saved = {
        data: "mnist",
        holdOut: "random",
        epochs: 1,
        batchSize: 8,
        beta: 1,
        binarize: "none",
        seed: 0,
      } as const;
    const metadata = toMetadata({ ...saved, examples: 40, height: 6, width: 5 }), file = save(state, { metadata });
    const model = `${folder}/model.safetensors`, out = `${folder}/edge.safetensors`;
    await Deno.writeFile(model, file);
    const { code, stdout, stderr } = await exportModel("--model", model, "--out", out);
    assertEquals([code, stderr], [0, ""]);
    const bytes = await Deno.readFile(out);
    assertEquals(
      stdout,
      `${out}: parameters, float32, ${bytes.length.toLocaleString("en")} bytes of ${
        file.length.toLocaleString("en")
      }\n`,
    );
    assert(bytes.length < file.length / 2);
    const loaded = await edge.load(bytes);
    assertEquals(drawn(loaded), generate(state.params, { n: 4, key: key(1) }).dataSync<"float32">().slice());
    // Without the path of the data.
    const { data: _, ...given } = saved;
    assertEquals(loaded.metadata, toMetadata({ ...given, examples: 40, height: 6, width: 5 } as never));
    assertEquals(await Deno.readFile(model), file);
  });
});

Deno.test("export takes the averaged parameters where there are any", async () => {
  await inFolder(async (folder) => {
    const state = trained(0.5), model = `${folder}/model.safetensors`, out = `${folder}/edge.safetensors`;
    await Deno.writeFile(model, save(state));
    const { stdout } = await exportModel("--model", model, "--out", out);
    assertStringIncludes(stdout, "averaged parameters, float32");
    const want = generate(averaged(state), { n: 4, key: key(1) }).dataSync<"float32">().slice();
    assertEquals(drawn(await edge.load(await Deno.readFile(out))), want);
  });
});

Deno.test("export in float16 tells the ELBO before and after", async () => {
  await inFolder(async (folder) => {
    // Larger than usual, so that the difference shows.
    const state = kernels(trained(), (value) => 20 * value), rounded = kernels(state, Math.f16round);
    const model = `${folder}/model.safetensors`, out = `${folder}/edge.safetensors`, data = await writeData(folder);
    await Deno.writeFile(model, save(state));
    const { code, stdout, stderr } = await exportModel("--model", model, "--out", out, "--float16", "--data", data);
    assertEquals([code, stderr], [0, ""]);
    const [first, second] = stdout.split("\n");
    assertMatch(first, /: parameters, float16, [\d,]+ bytes of [\d,]+$/);
    const [, images, before, after] = second.match(
      /^ELBO of (\d+) test images: (-[\d.]+) nats, exported (-[\d.]+) nats$/,
    )!;
    using test = dataset(toImages(readIdx(await Deno.readFile(`${data}/t10k-images-idx3-ubyte`), "test"), "test"));
    const elbo = async ({ params }: State) => (await evaluate(params, test, { key: key(0) })).elbo.toFixed(4);
    assertEquals([images, before, after], ["40", await elbo(state), await elbo(rounded)]);
    assert(after !== before);
    assert((await Deno.readFile(out)).length < (await Deno.readFile(model)).length / 4);
  });
});

Deno.test("export in float16 tells it of the images that the model was trained on, or what it takes to tell it", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`, out = `${folder}/edge.safetensors`, data = await writeData(folder);
    const second = async (metadata?: Record<string, string>) => {
      await Deno.writeFile(model, save(trained(), { metadata }));
      const { code, stdout, stderr } = await exportModel("--model", model, "--out", out, "--float16");
      assertEquals([code, stderr], [0, ""]);
      assertEquals((await edge.load(await Deno.readFile(out))).config.input, 30);
      return stdout.split("\n")[1];
    };
    const saved = {
      epochs: 1,
      holdOut: "random",
      batchSize: 8,
      beta: 1,
      binarize: "none",
      seed: 0,
      examples: 40,
      height: 6,
      width: 5,
    } as const;
    assertMatch(
      await second(toMetadata({ data, ...saved })),
      /^ELBO of 40 test images: -[\d.]+ nats, exported -[\d.]+ nats$/,
    );
    const gone = await second(toMetadata({ data: `${folder}/gone`, ...saved }));
    assertMatch(gone, /^--data measures what float16 does to the ELBO: .*gone/);
    assertMatch(await second(), /: the file does not say what the model was trained on$/);
  });
});

Deno.test("export refuses to write over the model, files that are none, and images of another size", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/model.safetensors`, out = `${folder}/edge.safetensors`, file = save(trained());
    await Deno.writeFile(model, file);
    await Deno.symlink(model, `${folder}/link`);
    const data = await writeData(folder, 20, 3, 3);
    const refused = async (args: string[], message: string) => {
      const { code, stdout, stderr } = await exportModel(...args);
      assertEquals([code, stdout], [1, ""]);
      assertStringIncludes(stderr, message);
    };
    for (const same of [model, `${folder}/./model.safetensors`, `${folder}/link`]) {
      await refused(["--model", model, "--out", same], "it is the model itself");
    }
    await refused(
      ["--model", model, "--out", out, "--data", data],
      "expected images of 30 pixels as the model was made for, got 3 x 3",
    );
    await refused(["--model", `${folder}/none`, "--out", out], "Cannot read checkpoint");
    await refused(["--model", model], "--out");
    await Deno.writeFile(out, file.slice(0, 100));
    await refused(["--model", out, "--out", `${folder}/b`], "Cannot read checkpoint");
    assertEquals(await Deno.readFile(model), file);
    const twice = `${folder}/once.safetensors`;
    assertEquals((await exportModel("--model", model, "--out", twice)).code, 0);
    await refused(["--model", twice, "--out", `${folder}/b`], "which has no optimizer state");
  });
});
