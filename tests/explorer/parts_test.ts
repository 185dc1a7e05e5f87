/** What the explorer computes without a page. */
import { readAddress, withAddress } from "../../src/explorer/address.ts";
import { activity } from "../../src/explorer/activity.ts";
import { fitInk, scaleInk } from "../../src/explorer/fit_ink.ts";
import { seenLabels } from "../../src/explorer/seen_labels.ts";
import { priorCodes } from "../../src/edge/prior.ts";
import { decode, generate, key, likelihood, load } from "../../src/edge/mod.ts";
import { init, save } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { CONFIGS, labelsOf, smallFile } from "../edge/models.ts";
import { withTensors } from "../api/model.ts";
import { tf } from "../../mod.ts";

const GRAY = { height: 28, width: 28, channels: 1 } as const;

/** A drawing of 280 x 280 with a rectangle of ink. */
function rectangle(left: number, top: number, width: number, height: number) {
  const values = new Float32Array(280 * 280);
  for (let y = top; y < top + height; y++) values.fill(1, y * 280 + left, y * 280 + left + width);
  return { values, width: 280, height: 280 };
}

const total = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0);

Deno.test("scaleInk() takes the mean of what each pixel covers, of any sizes", () => {
  const x = scaleInk(rectangle(45, 60, 20, 10), GRAY);
  assertEquals([4, 5, 6].map((column) => x[6 * 28 + column]), [0.5, 1, 0.5]);
  assertEquals(Math.round(total(x) * 1000), 2000);
  const wide = scaleInk(rectangle(0, 0, 280, 140), { height: 3, width: 9, channels: 1 });
  assertEquals([...wide.filter((_, i) => i % 9 === 4)].map((value) => Math.round(value * 1e4)), [10000, 5000, 0]);
  // More pixels than the drawing has.
  const large = scaleInk({ values: Float32Array.of(0, 1), width: 2, height: 1 }, { height: 2, width: 4, channels: 1 });
  assertEquals([...large], [0, 0, 1, 1, 0, 0, 1, 1]);
});

Deno.test("fitInk() puts what is drawn anywhere and of any size into 20 of 28 pixels, around its center of mass", () => {
  const wanted = fitInk(rectangle(100, 40, 40, 200), GRAY);
  assertEquals(Math.round(total(wanted)), 4 * 20);
  assertEquals([...wanted.subarray(14 * 28, 15 * 28)].map((v) => Math.round(v * 1e3)), [
    ...new Array(12).fill(0),
    ...new Array(4).fill(1000),
    ...new Array(12).fill(0),
  ]);
  for (const [left, top, scale] of [[0, 0, 1], [240, 80, 1], [10, 200, 0.25], [200, 3, 0.1]]) {
    const x = fitInk(rectangle(left, top, 40 * scale, 200 * scale), GRAY);
    x.forEach((value, i) => assert(Math.abs(value - wanted[i]) < 1e-4, `${left}, ${top}, ${scale} at ${i}`));
  }
  // An L is not in the middle of its box: its center of mass is in the middle of the image.
  const l = rectangle(100, 50, 20, 150);
  l.values.forEach((_, i) =>
    i % 280 >= 100 && i % 280 < 200 && Math.floor(i / 280) >= 180 && i < 200 * 280 && (l.values[i] = 1)
  );
  const x = fitInk(l, GRAY), mass = total(x);
  for (const place of [(i: number) => i % 28, (i: number) => Math.floor(i / 28)]) {
    const center = x.reduce((sum, value, i) => sum + value * (place(i) + 0.5), 0) / mass;
    assert(Math.abs(center - 14) < 0.05, `${center}`); // ink is told by the middle of its pixel
  }
  assert(x.every((value) => value >= 0 && value <= 1));
});

Deno.test("fitInk() of nothing, or of what is too faint, is nothing", () => {
  const empty = new Float32Array(784);
  assertEquals(fitInk(rectangle(0, 0, 0, 0), GRAY), empty);
  const { values, ...size } = rectangle(10, 10, 50, 50);
  assertEquals(fitInk({ values: values.map((value) => value * 0.05), ...size }, GRAY), empty);
});

Deno.test("activity() tells dimensions that are used from those that are not, of every kind of model", async () => {
  for (const [name, config] of Object.entries(CONFIGS)) {
    const variance = activity(await load(smallFile(config)));
    assertEquals(variance.length, config.latent, name);
    assert(variance.every((value) => value >= 0 && Number.isFinite(value)), `${name}: ${variance}`);
  }
  // Only the second of three dimensions reaches the image, and only it is read from there.
  const state = init({ input: 3, hidden: [], latent: 3 }, { key: key(0) });
  const params = withTensors(state.params, (t) => {
    const { shape } = t;
    const values = new Float32Array(t.size);
    if (shape.length === 2) values[4] = 3; // [1, 1] of 3 x 3
    return tf.tensor(values, shape);
  });
  const variance = activity(await load(save({ ...state, params })));
  assert(variance[1] > 0.1 && variance[0] === 0 && variance[2] === 0, `${variance}`);
});

Deno.test("priorCodes() are what generate decodes", async () => {
  for (const name of ["dense", "conditional", "gaussian-pixel"]) {
    const model = await load(smallFile(CONFIGS[name])), given = labelsOf(7, model.config.classes);
    const z = priorCodes(model, 7, key(5)).data;
    const { data } = likelihood(model).mean(decode(model, z, given));
    assertEquals(data, generate(model, { n: 7, key: key(5), ...given }).data);
  }
});

Deno.test("the address keeps what it says, and what makes no sense counts as nothing", () => {
  const beside = { model: "model.safetensors", seed: 0, label: 0 };
  for (const hash of ["", "#", "#seed=&model=", "#seed=-1&label=x", "#seed=1.5", "#seed=9007199254740993", "#top"]) {
    assertEquals(readAddress(hash), beside, hash);
  }
  assertEquals(readAddress("#seed=7&label=3&model=a%2Fb.safetensors"), { model: "a/b.safetensors", seed: 7, label: 3 });
  assertEquals(withAddress("", { seed: 4 }), "#seed=4");
  assertEquals(withAddress("#model=x&seed=1", { seed: 2, label: 5 }), "#model=x&seed=2&label=5");
});

Deno.test("the page has in it all that it needs, and a policy that nothing else may run", async () => {
  const { explorer } = await import("../../src/explorer/mod.ts");
  assertStringIncludes(explorer, "default-src 'none'");
  assert(!/(src|href)="(?!data:)/.test(explorer), "the page names a file");
  assert(!/\{\{\w+\}\}/.test(explorer), "a part is missing");
});

Deno.test("classes to choose from are those that the model has seen, where its file notes them", async () => {
  const state = init({ input: 4, latent: 2, classes: 5 }, { key: key(0) });
  const seen = async (training: string) => seenLabels(await load(save(state, { metadata: { training } })));
  assertEquals(await seen('{"labels":[0,4]}'), [0, 4]);
  for (const training of ['{"epochs":3}', '{"labels":[7]}', '{"labels":3}', "null", "no JSON"]) {
    assertEquals(await seen(training), [0, 1, 2, 3, 4]);
  }
  assertEquals(seenLabels(await load(save(init({ input: 4, latent: 2 }, { key: key(0) })))), []);
});
