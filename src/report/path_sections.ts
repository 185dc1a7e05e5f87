/** Sections of the report that show ways through the latent space: between images, and along one dimension. */
import { codesTensor } from "../api/codes.ts";
import { interpolate } from "../api/interpolate.ts";
import type { Pause } from "../pause.ts";
import type { Interpolation } from "../vae/ways.ts";
import { traverse } from "../api/traverse.ts";
import type { LatentStatistics } from "../latent.ts";
import { encode } from "../api/infer.ts";
import { figure, section } from "./html.ts";
import { byKl } from "./kl_chart.ts";
import { meansOf } from "./means.ts";
import { picture } from "./picture.ts";
import { firstImages, firstLabels, imageName, type Subject } from "./subject.ts";

const PAIRS = 4, STEPS = 9;
const METHODS: readonly Interpolation[] = ["linear", "spherical"];
/** Dimensions that are shown, and the values that each takes. */
const DIMENSIONS = 10, REACH = 3, VALUES = Array.from({ length: 13 }, (_, i) => (i - 6) / 2);

/** From one test image to the next, straight and along the sphere. */
export async function interpolationsSection(subject: Subject, pause: Pause): Promise<string> {
  const { params, test } = subject, count = Math.min(PAIRS, Math.floor(test.count / 2)), D = test.size;
  const [id, title] = ["interpolations", "Interpolations"];
  if (count === 0) {
    return section(id, title, "There is one test image only, and it takes two to go from one to the other.");
  }
  using x = firstImages(subject, 2 * count);
  const labels = firstLabels(subject, 2 * count);
  using posterior = encode(params, x, { labels });
  const originals = x.dataSync<"float32">(), Z = params.config.latent, means = posterior.mean.dataSync<"float32">();
  const rows: string[] = [];
  for (let pair = 0; pair < count; pair++) {
    await pause.take();
    const [from, to] = [2 * pair, 2 * pair + 1];
    using a = codesTensor(means.subarray(from * Z, (from + 1) * Z), 1);
    using b = codesTensor(means.subarray(to * Z, (to + 1) * Z), 1);
    const both = METHODS.map((method) => {
      using z = interpolate(a, b, { steps: STEPS, method });
      const images = new Float32Array((STEPS + 2) * D);
      images.set(originals.subarray(from * D, (from + 1) * D));
      images.set(meansOf(params, z, labels?.[from]), D);
      images.set(originals.subarray(to * D, (to + 1) * D), (STEPS + 1) * D);
      const alt = `From ${imageName(test, from)} to ${imageName(test, to)}, ${method}.`;
      return `<span>${method}</span>${picture(images, test, STEPS + 2, alt)}`;
    });
    rows.push(both.join(""));
  }
  const caption =
    `Pairs of test images, at both ends, and between them the decoder's mean for ${STEPS} codes from the ` +
    "posterior mean of one to that of the other: on a straight line, and on an arc about 0, which keeps to the lengths " +
    "that codes have (White, 2016). Where every image between could be one of the data, the latent space has no holes.";
  return section(id, title, "", figure(`<div class="rows">${rows.join(`<div class="space"></div>`)}</div>`, caption));
}

/** What each of the dimensions with most KL changes in an image. */
export async function traversalsSection(
  subject: Subject,
  statistics: LatentStatistics,
  pause: Pause,
): Promise<string> {
  const { params, test } = subject, shown = byKl(statistics).slice(0, DIMENSIONS);
  using x = firstImages(subject, 1);
  const labels = firstLabels(subject, 1);
  using posterior = encode(params, x, { labels });
  const rows: string[] = [];
  for (const dimension of shown) {
    await pause.take();
    using z = traverse(posterior.mean, { dimension, values: VALUES });
    const alt = `Dimension ${dimension} from -${REACH} to ${REACH}, the others those of ${imageName(test, 0)}.`;
    rows.push(`<span>z${dimension}</span>${picture(meansOf(params, z, labels?.[0]), test, VALUES.length, alt)}`);
  }
  const scale = `<span></span><div class="scale"><span>-${REACH}</span><span>0</span><span>${REACH}</span></div>`;
  const caption =
    `Each row is the code of ${imageName(test, 0)} with one dimension set to ${VALUES.length} values from ` +
    `-${REACH} to ${REACH}, as far as the prior goes, and the others left alone; dimensions of most KL first. ` +
    "A row of equal images is a dimension that the decoder does not use.";
  return section(
    "traversals",
    "Traversals",
    "",
    figure(`<div class="rows">${scale}${rows.join("")}</div>`, caption),
  );
}
