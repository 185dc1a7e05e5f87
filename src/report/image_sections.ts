/** Sections of the report that show single images: samples, reconstructions, the manifold of a code of two numbers. */
import { generate, reconstruct } from "../api/generate.ts";
import { codesTensor } from "../api/codes.ts";
import { key } from "../random.ts";
import { figure, section } from "./html.ts";
import { meansOf } from "./means.ts";
import { normalQuantile } from "./normal_quantile.ts";
import { pairs, picture, shownOf } from "./picture.ts";
import { firstImages, firstLabels, labelsInTurn, type Subject } from "./subject.ts";

const SAMPLES = 64, SAMPLE_COLUMNS = 8;
const PAIRS = 40, PAIR_COLUMNS = 10;
const MANIFOLD_SIDE = 20;

/** New images from the prior. */
export function samplesSection({ params, test, seed, labels: known }: Subject): string {
  const n = shownOf(SAMPLES, test);
  const { classes } = params.config,
    labels = labelsInTurn(params.config, n, known);
  using images = generate(params, { n, key: key(seed), labels });
  const grid = picture(images.dataSync<"float32">(), test, SAMPLE_COLUMNS, `${n} images drawn from the model.`);
  const caption = `${n} new images: the decoder's mean for codes drawn from the prior, N(0, I), with seed ${seed}. ` +
    "They should look like the data, and differ from each other." +
    (labels ? ` Their labels are ${known ? known.join(", ") : `0 to ${classes - 1}`} in turn.` : "");
  return section("samples", "Samples", "", figure(grid, caption));
}

/** Test images and what the model makes of them. */
export function reconstructionsSection(subject: Subject): string {
  const { params, test } = subject, n = shownOf(Math.min(PAIRS, test.count), test);
  using originals = firstImages(subject, n);
  using means = reconstruct(params, originals, { labels: firstLabels(subject, n) });
  const above = originals.dataSync<"float32">(), below = means.dataSync<"float32">();
  const alt = `${n} test images in rows, each row above that of their reconstructions.`;
  const caption =
    `The first ${n} test images, and in the row below each its reconstruction: the decoder's mean for the ` +
    "mean of the posterior. What is lost in between does not pass through the code.";
  return section(
    "reconstructions",
    "Reconstructions",
    "",
    figure(pairs(above, below, test, PAIR_COLUMNS, alt), caption),
  );
}

/** All that a code of two numbers can stand for, at equal steps of the prior's probability. */
export function manifoldSection({ params, test, labels: known }: Subject): string {
  const side = Math.floor(Math.sqrt(shownOf(MANIFOLD_SIDE ** 2, test)));
  const steps = Array.from({ length: side }, (_, i) => normalQuantile((i + 0.5) / side));
  // As in a chart: the second number rises from the bottom to the top.
  const codes = steps.toReversed().flatMap((y) => steps.flatMap((x) => [x, y]));
  using z = codesTensor(codes, side * side);
  const [label] = labelsInTurn(params.config, 1, known) ?? [];
  const alt = `${side * side} images in ${side} rows of ${side}, one for each pair of values of the code.`;
  const reach = steps[side - 1]!.toFixed(2);
  const caption =
    `The decoder's mean on a grid of codes: z0 rises from left to right and z1 from bottom to top, both ` +
    `from -${reach} to ${reach} in ${side} steps of equal probability under the prior (Kingma and Welling, 2014, figure 4)` +
    (label === undefined ? "." : `, all with the label ${label}.`);
  return section("manifold", "Manifold", "", figure(picture(meansOf(params, z, label), test, side, alt), caption));
}
