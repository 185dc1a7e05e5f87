import { type EpochTerms, lossCurve } from "../../src/report/curve.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "../assert.ts";

/** A run of that many epochs: smooth, falling, test above train. */
function run(count: number, first = 1): EpochTerms[] {
  const terms = (i: number, gap: number) => {
    const [reconstruction, kl] = [80 + 60 / (i + 1) + gap, 25 - 6 / (i + 1)];
    return { loss: reconstruction + kl, reconstruction, kl };
  };
  return Array.from({ length: count }, (_, i) => ({ epoch: first + i, train: terms(i, 0), test: terms(i, 1) }));
}

/** The texts of the picture, in the order in which they stand in the file. */
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

/** The outlines drawn in the colour of a set: curves, or marks where they carry a transformation of their own. */
const outlines = (svg: string, color: string) =>
  [...svg.matchAll(/<path d="([^"]*)"([^>]*)>/g)].filter(([, , rest]) => rest.includes(color))
    .map(([, d, rest]) => ({ d, rest, mark: rest.includes(" transform=") }));

const TRAIN = "#0072b2";
const TEST = "#d55e00";

Deno.test("lossCurve() gives an SVG of 1000 by 420 pixels on white", () => {
  const svg = lossCurve(run(10));
  assertMatch(svg, /^<svg width="1000" height="420" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assertMatch(svg, /<rect width="1000" height="420" x="0" y="0" fill="#fff">/);
  assert(svg.endsWith("</svg>"));
});

Deno.test("lossCurve() names its three panels, their units, the two sets and the last value of the test set", () => {
  const found = texts(lossCurve(run(10), { title: "MNIST" }));
  for (const text of ["MNIST", "Loss", "Reconstruction", "KL divergence", "train", "test"]) {
    assertEquals(found.filter((other) => other === text).length, 1, text);
  }
  assertEquals(found.filter((text) => text === "nats per image").length, 3);
  assertEquals(found.filter((text) => text === "epoch").length, 3);
  for (const value of ["111.40", "87.00", "24.40"]) {
    assert(found.includes(`test ${value} after epoch 10`), value);
  }
});

Deno.test("lossCurve() gives the same text for the same input, whatever was drawn before", () => {
  const epochs = run(10);
  const first = lossCurve(epochs, { title: "MNIST" });
  lossCurve(run(3));
  assertEquals(lossCurve(structuredClone(epochs), { title: "MNIST" }), first);
});

Deno.test("lossCurve() leaves its argument unchanged", () => {
  const epochs = run(5);
  lossCurve(epochs);
  assertEquals(epochs, run(5));
});

Deno.test("lossCurve() draws each set once in each panel, from the first epoch to the last", () => {
  // Points closer to each other than a pixel are drawn as one, so they are counted for short runs only.
  for (const count of [2, 10, 40, 500]) {
    const svg = lossCurve(run(count));
    for (const color of [TRAIN, TEST]) {
      const curves = outlines(svg, color).filter(({ mark }) => !mark).map(({ d }) => d.match(/[\d.]+ [\d.]+/g)!);
      const ends = curves.map((points) =>
        [points[0], points[points.length - 1]].map((point) => Math.round(parseFloat(point)))
      );
      assertEquals(ends, [[66, 444], [520, 710], [786, 976]], `${count} epochs`);
      if (count <= 10) assertEquals(curves.map((points) => points.length), [count, count, count]);
    }
  }
});

Deno.test("lossCurve() marks every point of a short run, also where there is only one", () => {
  const legend = 2; // its line and its mark
  for (const [count, marks] of [[1, 3 * 1], [10, 3 * 10], [40, 3 * 40], [41, 0], [500, 0]]) {
    const svg = lossCurve(run(count));
    for (const color of [TRAIN, TEST]) {
      assertEquals(outlines(svg, color).filter(({ mark }) => mark).length, marks + legend, `${count} epochs`);
    }
  }
});

Deno.test("lossCurve() labels epochs with integers only, within the run", () => {
  for (const [count, first] of [[1, 1], [1, 7], [2, 1], [3, 0], [37, 11], [500, 1]]) {
    // Labels of the horizontal axes are the centred texts below the plots.
    const svg = lossCurve(run(count, first));
    const labels = [
      ...svg.matchAll(/<text[^>]* text-anchor="middle"[^>]* transform="translate\([\d.]+ 368\)"[^>]*>([^<]*)</g),
    ]
      .map(([, text]) => Number(text));
    assert(labels.length >= 3, `${labels.length} labels`);
    for (const label of labels) {
      assert(Number.isInteger(label) && label >= first && label < first + count, `label ${label}`);
    }
  }
});

Deno.test("lossCurve() does not start the vertical axes from zero", () => {
  const found = texts(lossCurve(run(10)));
  assert(!found.includes("0"));
  assert(found.includes("110"));
});

Deno.test("lossCurve() leaves a gap where a value is not finite", () => {
  const epochs = run(10);
  const lost = { loss: NaN, reconstruction: Infinity, kl: -Infinity };
  const svg = lossCurve(epochs.with(4, { ...epochs[4], train: lost }));
  assert(!/NaN|Infinity/.test(svg));
  const marks = (color: string) => outlines(svg, color).filter(({ mark }) => mark).length;
  assertEquals([marks(TRAIN), marks(TEST)], [3 * 9 + 2, 3 * 10 + 2]);
});

Deno.test("lossCurve() draws a run of which nothing is finite", () => {
  const lost = { loss: NaN, reconstruction: NaN, kl: NaN };
  const svg = lossCurve([{ epoch: 1, train: lost, test: lost }, { epoch: 2, train: lost, test: lost }]);
  assertStringIncludes(svg, "test NaN after epoch 2");
  assert(!/="[^"]*NaN/.test(svg), "no coordinate is NaN");
});

Deno.test("lossCurve() escapes its title, and shortens one that would run into the legend", () => {
  assertStringIncludes(lossCurve(run(2), { title: `<a> & "b"` }), "&lt;a&gt; &amp; &quot;b&quot;");
  const [shortened] = texts(lossCurve(run(2), { title: "long ".repeat(100) })).filter((text) => text.includes("long"));
  assert(shortened.length < 120 && shortened.endsWith("..."), shortened);
});

Deno.test("lossCurve() throws without an epoch, and for epochs that are not rising integers", () => {
  const error = assertThrows(() => lossCurve([]), RangeError);
  assertEquals(error.message, "Cannot draw the loss curve: expected at least one epoch, got 0");
  const [a, b, c] = run(3);
  assertThrows(
    () => lossCurve([a, c, b]),
    RangeError,
    "Cannot draw the loss curve: expected epochs to be rising integers, got 3, 2",
  );
  assertThrows(() => lossCurve([a, a]), RangeError, "got 1, 1");
  assertThrows(() => lossCurve([{ ...a, epoch: 0.5 }]), RangeError, "got 0.5");
});
