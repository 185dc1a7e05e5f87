import { decode } from "npm:fast-png@8.0.0";
import { dataset, dispose, evaluate, init, key, latentStatistics, tf } from "../../mod.ts";
import type { EpochTerms } from "../../src/report/curve.ts";
import { report, type Subject } from "../../src/report/report.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { checkPage, titlesOf } from "./markup.ts";

const ALWAYS = [
  "Training",
  "Samples",
  "Reconstructions",
  "Interpolations",
  "Traversals",
  "Latent space",
  "KL by dimension",
];
const RECORDS: EpochTerms[] = [1, 2, 3].map((epoch) => {
  const terms = { loss: 100 / epoch, reconstruction: 80 / epoch, kl: 20 / epoch };
  return { epoch, train: terms, test: terms };
});

type About = { latent?: number; count?: number; height?: number; width?: number; labels?: number };

/** A model that was not trained, and pixels that look random. */
async function subject(about: About = {}, rest: Partial<Subject> = {}): Promise<Subject & Disposable> {
  const { latent = 3, count = 30, height = 4, width = 5, labels } = about;
  const pixels = Uint8Array.from({ length: count * height * width }, (_, i) => i * i * 31 % 251);
  const test = dataset({
    pixels,
    count,
    height,
    width,
    labels: labels ? Uint8Array.from({ length: count }, (_, i) => i % labels) : undefined,
  });
  const state = init({ input: height * width, hidden: [7], latent }, { key: key(1) });
  const metrics = await evaluate(state.params, test, { key: key(2) });
  const settings = [["Layers", "a < b & c"], ["Seed", "0"]] as const;
  return {
    ...{
      params: state.params,
      step: state.step,
      test,
      metrics,
      settings,
      name: "dots",
      binarize: "none",
      records: RECORDS,
      seed: 0,
      ...rest,
    },
    [Symbol.dispose]() {
      dispose(state);
      test.dispose();
    },
  };
}

Deno.test("report has every section, for codes of one, two and more numbers, with labels and without", async () => {
  for (const latent of [1, 2, 3, 12]) {
    for (const labels of [undefined, 3, 12]) {
      using about = await subject({ latent, labels });
      const page = await report(about);
      checkPage(page);
      assertEquals(titlesOf(page), [...ALWAYS, ...latent === 2 ? ["Manifold"] : [], "Settings"]);
      assertEquals(page.includes('aria-label="Classes"'), labels !== undefined);
      assertEquals(page.match(/<svg /g)!.length, 5);
      assertEquals(page.match(/<img /g)!.length, 2 + 8 + Math.min(latent, 10) + (latent === 2 ? 1 : 0));
      for (const part of ["dots", "a &lt; b &amp; c", about.metrics.loss.toFixed(2), "nats per image"]) {
        assertStringIncludes(page, part);
      }
    }
  }
});

Deno.test("report says where the course of training is not known, and where one image leads to no other", async () => {
  using about = await subject({ count: 1, labels: 1 }, { records: [] });
  const page = await report(about);
  checkPage(page);
  assertEquals(titlesOf(page), [...ALWAYS, "Settings"]);
  assertStringIncludes(page, "There is no metrics.jsonl beside the model");
  assertStringIncludes(page, "There is one test image only");
  assertEquals(page.match(/<svg /g)!.length, 2);
});

Deno.test("report shows images of any size, fewer of large ones", async () => {
  for (const [height, width] of [[1, 1], [1, 40], [700, 600]]) {
    using about = await subject({ height, width, latent: 2, count: 4 });
    const page = await report(about);
    checkPage(page);
    assert(page.length < 3e7);
    const [samples] = page.match(/<img [^>]*drawn from the model[^>]*>/)!;
    const [, base64] = samples.match(/base64,([^"]*)/)!, [, n] = samples.match(/alt="(\d+) images/)!;
    const { channels, width: wide } = decode(Uint8Array.fromBase64(base64));
    assertEquals([channels, Number(n)], [2, height === 700 ? 4 : 64]);
    assertEquals(Number(samples.match(/width="(\d+)"/)![1]), 2 * wide);
  }
});

Deno.test("report counts active units, and gives the numbers of each dimension as a table", async () => {
  using about = await subject({ latent: 4 });
  const page = await report(about);
  const { kl, activeUnits } = await latentStatistics(about.params, about.test);
  assertStringIncludes(page, `<dt>active units</dt><dd>${activeUnits} of 4</dd>`);
  assertStringIncludes(page, `${activeUnits} of 4 units are active`);
  const rows = [...page.matchAll(/<tr><td>z(\d)<\/td><td>([\d.]+)<\/td>/g)];
  assertEquals(rows.map(([, , nats]) => nats), [...kl].sort((a, b) => b - a).map((nats) => nats.toFixed(4)));
  assertEquals(rows.map(([, j]) => kl[Number(j)]), [...kl].sort((a, b) => b - a));
});

Deno.test("report is the same text for the same subject, and leaks nothing", async () => {
  const before = tf.memory().numTensors, pages: string[] = [];
  for (let i = 0; i < 2; i++) {
    using about = await subject({ labels: 4 });
    const { numTensors } = tf.memory();
    pages.push(await report(about), await report(about));
    assertEquals(tf.memory().numTensors, numTensors);
  }
  assertEquals(new Set(pages).size, 1);
  assertEquals(tf.memory().numTensors, before);
  using other = await subject({ labels: 4 }, { seed: 1 });
  assert(await report(other) !== pages[0]);
});

Deno.test("report shows a model of binary pixels such pixels", async () => {
  using about = await subject({}, { binarize: "dynamic" });
  const page = await report(about);
  checkPage(page);
  const [, base64] = page.match(/base64,([^"]*)"[^>]*each row above/)!;
  const { data } = decode(Uint8Array.fromBase64(base64));
  const [above] = [data.filter((_, i) => i % 2 === 0)];
  assert(new Set(above).size > 2 && above.includes(255), "originals of 0 and 255 beside means");
});

Deno.test("report escapes names, and refuses images of another width than the model's", async () => {
  using about = await subject({}, { name: `<b>&"'` });
  const page = await report(about);
  checkPage(page);
  assertStringIncludes(page, "<h1>&lt;b&gt;&amp;&quot;&#39;</h1>");
  using other = await subject({ height: 3 });
  await assertRejects(
    () => report({ ...about, test: other.test }),
    TypeError,
    "Cannot make a report: expected examples of 20 values, got 3 x 5 = 15",
  );
});
