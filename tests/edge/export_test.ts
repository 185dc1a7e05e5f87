/** Models exported for inference, in float32 and float16. */
import { load as loadState, save } from "../../mod.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/checkpoint.ts";
import { CheckpointError, encode, load } from "../../src/edge/mod.ts";
import { encodeModel } from "../../src/model_file.ts";
import { decodeSafetensors } from "../../src/safetensors.ts";
import { resolveConfig } from "../../src/vae/config.ts";
import { layout, mapNetwork } from "../../src/vae/layout.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { drawn, smallFile, trained } from "./models.ts";

const FILE = smallFile();
const WANTED = drawn(await load(FILE));

Deno.test("an exported model is loaded, by the edge only", async () => {
  const { checkpoint: { config, params } } = decodeCheckpoint(FILE);
  const file = encodeModel(config, params, "params", { metadata: { note: "mine" } }), model = await load(file);
  assertEquals(drawn(model), WANTED);
  assertEquals(model.metadata, { note: "mine" });
  assert(file.length < FILE.length / 2);
  assertThrows(
    () => loadState(file),
    CheckpointError,
    "Cannot read checkpoint: expected a training state, got a model exported for inference, which has no optimizer state",
  );
  for (const name of ["elbo", "config", "exported", "optimizer"]) {
    assertThrows(() => encodeModel(config, params, "params", { metadata: { [name]: "" } }), RangeError, "is its own");
    assertThrows(() => encodeCheckpoint(decodeCheckpoint(FILE).checkpoint, { [name]: "" }), RangeError, "is its own");
  }
});

Deno.test("float16 halves matrices, rounds each value to nearest, and leaves vectors as they are", async () => {
  const config = { input: 30, image: [5, 3, 2] as const, channels: [4], hidden: [9], latent: 3, batchNorm: true };
  const { params, params: { config: complete } } = trained(config);
  const arrays = decodeCheckpoint(save({ ...trained(config) })).checkpoint.params;
  const full = encodeModel(complete, arrays, "average"),
    half = encodeModel(complete, arrays, "average", { float16: true });
  assert(half.length < full.length);
  for (const [name, { dtype, shape, data }] of decodeSafetensors(half).tensors) {
    assertEquals(dtype, shape.length > 1 ? "F16" : "F32", name);
    const { data: exact } = decodeSafetensors(full).tensors.get(name)!;
    const want = new Float32Array(exact.slice().buffer);
    if (dtype === "F32") assertEquals(data, exact);
    else {
      const got = new Float16Array(data.slice().buffer);
      got.forEach((value, i) => assertEquals(value, Math.f16round(want[i]), name));
    }
  }
  const x = new Float32Array(30).fill(0.5);
  const [a, b] = [encode(await load(full), x), encode(await load(half), x)].map(({ mean }) => mean.data);
  a.forEach((value, i) => assert(Math.abs(value - b[i]) < 0.01));
  assert(a.some((value, i) => value !== b[i]));
  assert(params.config === complete);
});

Deno.test("a model with values beyond float16 is not exported as such", () => {
  const config = resolveConfig({ input: 2, hidden: [], latent: 1 });
  const params = (value: number) =>
    mapNetwork(layout(config), ({ shape }) => new Float32Array(shape.reduce((n, size) => n * size, 1)).fill(value));
  encodeModel(config, params(65504), "params", { float16: true });
  for (const value of [65520, -1e30, Infinity]) {
    assertThrows(
      () => encodeModel(config, params(value), "params", { float16: true }),
      RangeError,
      "Cannot export as float16: expected values within 65504, got ",
    );
  }
});
