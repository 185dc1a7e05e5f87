/** What a configuration becomes when it is completed, and which are refused. */
import { type ConfigOptions, resolveConfig } from "../../src/vae/config.ts";
import { geometry } from "../../src/vae/geometry.ts";
import { layout, leaves, mapNetwork, names, type Network } from "../../src/vae/layout.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

const BASE = { input: 16, latent: 2, hidden: [5] };

/** The shapes of a model's parameters by name. */
function shapesOf(options: ConfigOptions): Record<string, readonly number[]> {
  const shapes = layout(resolveConfig(options)), list = leaves(shapes);
  return Object.fromEntries(names(shapes).map((name, i) => [name, list[i].shape]));
}

/** Where each parameter starts, by name. */
function startsOf(options: ConfigOptions): Record<string, unknown> {
  const shapes = layout(resolveConfig(options)), list = leaves(shapes);
  return Object.fromEntries(names(shapes).map((name, i) => [name, list[i].start]));
}

Deno.test("an image is a square of one channel by default, and there is none without convolutions", () => {
  assertEquals(resolveConfig({ ...BASE, channels: [3] }).image, [4, 4, 1]);
  assertEquals(resolveConfig(BASE).image, undefined);
  assertEquals(resolveConfig({ ...BASE, image: [2, 4, 2] }).image, [2, 4, 2]);
});

Deno.test("the decoder has the encoder's channels in reverse, and normalization where all have it", () => {
  const both = resolveConfig({ ...BASE, channels: [3, 4], batchNorm: true });
  assertEquals([both.encoder.channels, both.decoder.channels], [[3, 4], [4, 3]]);
  assertEquals([both.encoder.batchNorm, both.decoder.batchNorm], [true, true]);
  const one = resolveConfig({ ...BASE, encoder: { channels: [3, 4], batchNorm: true } });
  assertEquals([one.decoder.channels, one.decoder.batchNorm], [[4, 3], false]);
  const none = resolveConfig({
    ...BASE,
    channels: [3, 4],
    batchNorm: true,
    decoder: { channels: [], batchNorm: false },
  });
  assertEquals([none.encoder.channels, none.decoder.channels, none.decoder.batchNorm], [[3, 4], [], false]);
});

Deno.test("a complete configuration is frozen, and stays the same, by way of JSON too", () => {
  const options: ConfigOptions[] = [
    { ...BASE, channels: [3, 4], batchNorm: true, classes: 3, embedding: 2, likelihood: "gaussian-pixel" },
    { ...BASE, image: [2, 8, 1], encoder: { channels: [2] }, decoder: { channels: [], hidden: [] } },
    { ...BASE, likelihood: "laplace", variance: 0.25, classes: 7 },
  ];
  for (const given of options) {
    const config = resolveConfig(given);
    assertEquals(resolveConfig(config), config);
    assertEquals(resolveConfig(JSON.parse(JSON.stringify(config))), config);
    for (const part of [config, config.encoder, config.encoder.channels, config.decoder, config.image ?? config]) {
      assert(Object.isFrozen(part));
    }
  }
});

Deno.test("a configuration from before there were convolutions is completed without them", () => {
  const old = { input: 9, latent: 2, likelihood: "bernoulli" } as const;
  const half = { hidden: [4], activation: "relu" } as const;
  assertEquals(resolveConfig({ ...old, encoder: half, decoder: half }), resolveConfig({ ...old, hidden: [4] }));
});

Deno.test("images are halved, rounded down, and doubled back to what they were", () => {
  const { down, flat, seed, up } = geometry(resolveConfig({
    ...{ input: 7 * 5 * 3, image: [7, 5, 3], latent: 2, channels: [4, 6], likelihood: "gaussian-pixel" },
    decoder: { channels: [8, 2] },
  }));
  assertEquals(
    down.map(({ window: w, channels, out }) => [w.height, w.width, w.outHeight, w.outWidth, channels, out]),
    [
      [7, 5, 3, 2, 3, 4],
      [3, 2, 1, 1, 4, 6],
    ],
  );
  assertEquals([flat, seed], [6, 8]);
  assertEquals(
    up.map(({ window: w, channels, from }) => [w.height, w.width, w.outHeight, w.outWidth, channels, from]),
    [
      [3, 2, 1, 1, 2, 8],
      [7, 5, 3, 2, 6, 2],
    ],
  );
});

Deno.test("layout gives shapes of convolutions, labels, normalization and learned variance", () => {
  const shapes = shapesOf({
    ...{ input: 16, latent: 2, channels: [3], hidden: [5], classes: 4, embedding: 6, batchNorm: true },
    likelihood: "gaussian-global",
  });
  const wanted: Record<string, number[]> = {
    "encoder.conv.0.kernel": [4, 4, 1, 3],
    "encoder.conv.0.norm.scale": [3],
    "encoder.hidden.0.kernel": [12 + 6, 5],
    "encoder.mean.kernel": [5, 2],
    "encoder.embedding": [4, 6],
    "decoder.hidden.0.kernel": [2 + 6, 5],
    "decoder.hidden.1.kernel": [5, 12],
    "decoder.hidden.1.norm.variance": [12],
    "decoder.output.kernel": [4, 4, 1, 3],
    "decoder.output.bias": [1],
    "decoder.embedding": [4, 6],
    "decoder.logVar": [1],
  };
  for (const [name, shape] of Object.entries(wanted)) assertEquals(shapes[name], shape, name);
  assertEquals([shapes["decoder.conv.0.kernel"], shapes["decoder.output.norm.scale"]], [undefined, undefined]);
  const plain = shapesOf({ input: 4, latent: 2, hidden: [], classes: 3, likelihood: "discretized-logistic" });
  assertEquals([plain["encoder.mean.kernel"], plain["decoder.output.kernel"]], [[7, 2], [5, 8]]);
});

Deno.test("kernels start by what each output sees, normalization as the identity, embeddings normal", () => {
  const starts = startsOf({
    ...{ input: 48, image: [4, 4, 3], latent: 2, channels: [5, 7], hidden: [6], classes: 4, embedding: 3 },
    ...{ batchNorm: true, likelihood: "gaussian-global" as const },
  });
  const wanted: Record<string, unknown> = {
    "encoder.conv.0.kernel": { fanIn: 16 * 3 },
    "encoder.conv.1.bias": { fanIn: 16 * 5 },
    "encoder.hidden.0.kernel": { fanIn: 7 + 3 },
    "decoder.hidden.0.bias": { fanIn: 2 + 3 },
    "decoder.conv.0.kernel": { fanIn: 4 * 7 },
    "decoder.output.bias": { fanIn: 4 * 5 },
    "encoder.embedding": "normal",
    "decoder.embedding": "normal",
    "decoder.logVar": 0,
    "decoder.conv.0.norm.scale": 1,
    "decoder.conv.0.norm.offset": 0,
    "decoder.conv.0.norm.mean": 0,
    "decoder.conv.0.norm.variance": 1,
  };
  for (const [name, start] of Object.entries(wanted)) assertEquals(starts[name], start, name);
});

Deno.test("mapNetwork keeps every value, also 0 and those that are empty", () => {
  const shapes = layout(resolveConfig({ ...BASE, classes: 3, embedding: 2, likelihood: "gaussian-global" }));
  for (const value of [0, "", false, null]) {
    const network: Network<unknown> = mapNetwork(mapNetwork(shapes, () => value as unknown), (v) => v);
    assertEquals(names(network), names(shapes));
    assert(leaves(network).every((v) => v === value));
  }
});

Deno.test("configurations are refused with what was got and what was wanted", () => {
  const image = "expected image to be [height, width, channels] of 16 values together, got ";
  const variance = "expected variance to be a finite number above 0, got ";
  const cases: [Record<string, unknown>, typeof RangeError | typeof TypeError, string][] = [
    [{ image: [4, 4, 2] }, RangeError, `${image}[4, 4, 2]`],
    [{ image: [4, 4] }, RangeError, `${image}[4, 4]`],
    [{ image: "4x4" }, RangeError, `${image}"4x4"`],
    [{ input: 15, channels: [2] }, RangeError, "of 15 values together, got none, and that is no square"],
    [{ channels: [2, 2, 2] }, RangeError, "expected image to be at least 8 x 8, to be halved 3 times, got [4, 4, 1]"],
    [{ decoder: { channels: [2, 2, 2] } }, RangeError, "at least 8 x 8, to be halved 3 times, got [4, 4, 1]"],
    [{ channels: [0] }, RangeError, "expected encoder.channels[0] to be a positive integer, got 0"],
    [{ channels: 3 }, TypeError, "expected encoder.channels to be an array of widths, got 3"],
    [{ batchNorm: 1 }, RangeError, "expected encoder.batchNorm to be true or false, got 1"],
    [{ embedding: 2 }, RangeError, "expected embedding to be 0 where there are no classes, got 2"],
    [{ classes: 2, embedding: 0.5 }, RangeError, "expected embedding to be an integer of at least 0, got 0.5"],
    [{ classes: -1 }, RangeError, "expected classes to be an integer of at least 0, got -1"],
    [{ classes: NaN }, RangeError, "expected classes to be an integer of at least 0, got NaN"],
    [{ variance: 0 }, RangeError, `${variance}0`],
    [{ variance: -1 }, RangeError, `${variance}-1`],
    [{ variance: NaN }, RangeError, `${variance}NaN`],
    [{ variance: "2" }, RangeError, `${variance}"2"`],
    [{ variance: 1e-50 }, RangeError, `${variance}1e-50`],
    [{ likelihood: "gauss" }, RangeError, "expected likelihood to be one of"],
  ];
  for (const [options, error, message] of cases) {
    assertThrows(() => resolveConfig({ ...BASE, ...options } as ConfigOptions), error as never, message);
  }
});
