/** Checkpoints to and from PyTorch by examples/pytorch.py; the tests that run it are ignored where there is no PyTorch. */
import { fileURLToPath } from "node:url";
import { caseOf, trained } from "../examples/pytorch_case.ts";
import { type ConfigOptions, decode, dispose, encode, init, key, load, save, tf } from "../mod.ts";
import { decodeSafetensors, encodeSafetensors } from "../src/safetensors.ts";
import { names } from "../src/vae/layout.ts";
import { bitsOf } from "./api/model.ts";
import { assert, assertEquals, assertMatch } from "./assert.ts";

const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("../examples/pytorch.py", import.meta.url));
const fixture = (name: string) => Deno.readFile(new URL(`interchange/${name}.safetensors`, import.meta.url));

async function python(...args: string[]) {
  // Without files of byte code beside the script.
  const { code, stdout, stderr } = await new Deno.Command(PYTHON, { args: ["-B", ...args] }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

const FIND = "import sys; from importlib.util import find_spec as f; sys.exit(not (f('torch') and f('numpy')))";
const ignore = await python("-c", FIND).then(({ code }) => code !== 0, () => true);

/** Architectures that together have every layer, activation, likelihood shape and condition. */
const MODELS: Record<string, ConfigOptions> = {
  "one hidden layer": { input: 30, latent: 4, hidden: [17] },
  "no hidden layer, and two outputs a value": { input: 6, latent: 2, hidden: [], likelihood: "discretized-logistic" },
  "deep, with batch normalization": {
    ...{ input: 12, latent: 3, hidden: [9, 7, 5], activation: "tanh", batchNorm: true },
    decoder: { hidden: [6], activation: "gelu" },
  },
  "convolutions of odd sizes": {
    ...{ input: 13 * 10 * 2, image: [13, 10, 2], latent: 4, hidden: [11], channels: [3, 5] },
    ...{ activation: "elu", batchNorm: true, likelihood: "gaussian-pixel" },
  },
  "convolutions alone, conditional by one-hot": {
    ...{ input: 64, latent: 4, hidden: [], channels: [4], classes: 3, activation: "sigmoid" },
  },
  "convolutions with the leaky relu, dense layers with silu": {
    ...{ input: 64, latent: 4, hidden: [], channels: [4], activation: "leaky-relu" },
    decoder: { hidden: [6, 7], channels: [], activation: "silu" },
  },
  "a convolutional decoder, conditional by embedding": {
    ...{ input: 784, latent: 4, hidden: [16], channels: [8, 6, 4], classes: 3, embedding: 2, activation: "gelu" },
    ...{ encoder: { channels: [], hidden: [8], activation: "relu" }, likelihood: "gaussian-global", batchNorm: true },
  },
};

/** A folder with MODEL and CASE. */
async function withFiles(
  model: Uint8Array,
  body: (file: (name: string) => string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "elbo_pytorch_" });
  const file = (name: string) => `${folder}/${name}.safetensors`;
  try {
    await Deno.writeFile(file("model"), model);
    const state = load(model);
    await Deno.writeFile(file("case"), caseOf(state));
    dispose(state);
    await body(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [name, config] of Object.entries(MODELS)) {
  Deno.test({
    name: `a model computes in PyTorch what it does here, and comes back with the same bits: ${name}`,
    ignore,
    fn: async () => {
      const state = trained(config, { averageDecay: 0.9 }), { params, optimizer } = state;
      await withFiles(save(state), async (file) => {
        const [checked, exported] = await Promise.all([
          python(SCRIPT, "check", file("model"), file("case")),
          python(SCRIPT, "export", file("model"), file("back")),
        ]);
        assertEquals(checked.code, 0, checked.stdout + checked.stderr);
        assertEquals(checked.stdout.match(/is the same/g)?.length, 3);
        assertEquals(exported.code, 0, exported.stderr);
        const bytes = await Deno.readFile(file("back")), back = load(bytes);
        assertEquals(bitsOf(back.params), bitsOf(params));
        assertEquals(bitsOf(back.average), bitsOf(params));
        assert([...bitsOf(back.mu), ...bitsOf(back.nu)].every((bits) => bits.every((value) => value === 0)));
        assertEquals([back.step, back.params.config, back.optimizer], [0, params.config, optimizer]);
        assertEquals(back.key, state.key);
        assertEquals(caseOf(back), caseOf(state), "the outputs");
        assertEquals(save(back), bytes, "the file's layout");
        dispose([state, back]);
      });
    },
  });
}

Deno.test({
  name: "a model that was not trained comes back from PyTorch as the same bytes",
  ignore,
  fn: async () => {
    const state = init({ input: 9, latent: 2, hidden: [4], channels: [3], classes: 2 }, { key: key(5) });
    const bytes = save(state, { metadata: { note: "Überbau" } });
    await withFiles(bytes, async (file) => {
      assertEquals((await python(SCRIPT, "export", file("model"), file("back"))).code, 0);
      assertEquals(await Deno.readFile(file("back")), bytes);
    });
    dispose(state);
  },
});

Deno.test({
  name: "pytorch.py check says which outputs differ",
  ignore,
  fn: async () => {
    const state = trained({ input: 5, latent: 2, hidden: [3] });
    const { tensors, metadata } = decodeSafetensors(save(state)), bias = tensors.get("params.decoder.output.bias")!;
    new DataView(bias.data.buffer, bias.data.byteOffset).setFloat32(0, 7, true);
    await withFiles(save(state), async (file) => {
      await Deno.writeFile(file("model"), encodeSafetensors(tensors, metadata));
      const { code, stdout } = await python(SCRIPT, "check", file("model"), file("case"));
      assertEquals(code, 1, stdout);
      assertMatch(stdout, /^mean is the same.*\nlogVar is the same.*\noutputs differs: off by at most \d/);
    });
    dispose(state);
  },
});

Deno.test("a model trained in PyTorch computes here what it does there", async () => {
  const state = load(await fixture("model")), { tensors } = decodeSafetensors(await fixture("case"));
  const floats = (name: string) => new Float32Array(tensors.get(name)!.data.slice().buffer);
  const matrix = (name: string) => tf.tensor2d(floats(name), tensors.get(name)!.shape as [number, number]);
  const labels = new Int32Array(tensors.get("labels")!.data.slice().buffer);
  const x = matrix("x"), z = matrix("z");
  const { mean, logVar } = encode(state.params, x, { labels }), outputs = decode(state.params, z, { labels });
  for (const [name, tensor] of Object.entries({ mean, logVar, outputs })) {
    assertEquals(tensor.shape, [...tensors.get(name)!.shape], name);
    const wanted = floats(name), got = tensor.dataSync();
    wanted.forEach((value, i) => {
      assert(Math.abs(got[i] - value) <= 1e-5 * (1 + Math.abs(value)), `${name}[${i}]: ${got[i]}, not ${value}`);
    });
  }
  dispose([state, x, z, mean, logVar, outputs]);
});

Deno.test("a file exported from PyTorch is laid out as save lays it out", async () => {
  const bytes = await fixture("model"), state = load(bytes), parameters = names(state.params);
  assertEquals(save(state), bytes);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const wanted = ["params", "mu", "nu"].flatMap((tree) => parameters.map((name) => `${tree}.${name}`)).sort();
  assertEquals(Object.keys(header), ["__metadata__", ...wanted]);
  assertEquals(header["params.decoder.output.kernel"].shape, [4, 4, 1, 2]);
  assertEquals(header["params.encoder.hidden.0.kernel"].shape, [6, 3]);
  const example = await fixture("case"), { tensors, metadata } = decodeSafetensors(example);
  assertEquals(encodeSafetensors(tensors, metadata), example);
  dispose(state);
});

Deno.test({
  name: "the exported fixture goes through PyTorch unchanged",
  ignore,
  fn: async () => {
    const bytes = await fixture("model");
    await withFiles(bytes, async (file) => {
      assertEquals((await python(SCRIPT, "export", file("model"), file("back"))).code, 0);
      assertEquals(await Deno.readFile(file("back")), bytes);
      const path = fileURLToPath(new URL("interchange/case.safetensors", import.meta.url));
      const { code, stdout } = await python(SCRIPT, "check", file("model"), path);
      assertEquals(code, 0, stdout);
    });
  },
});
