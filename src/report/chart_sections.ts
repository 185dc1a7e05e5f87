/** Sections of the report that show charts: the curves of training, where the codes lie, what each dimension carries. */
import { ACTIVE, type LatentCodes, latentCodes, type LatentStatistics } from "../latent.ts";
import type { Pause } from "../pause.ts";
import { definitions, escape, figure, inlineSvg, section, table } from "./html.ts";
import { byKl, klChart, MOST_BARS } from "./kl_chart.ts";
import { pca } from "./pca.ts";
import { classesOf, type Scatter, scatterChart } from "./scatter_chart.ts";
import { pixels, type Subject } from "./subject.ts";
import { termChart } from "./term_chart.ts";
import { classColor } from "./theme.ts";

const TERMS = [["loss", "Loss"], ["reconstruction", "Reconstruction"], ["kl", "KL divergence"]] as const;

/** Points of the scatter. */
const POINTS = 3000;

/** The loss and its terms over the epochs. */
export function curvesSection({ records }: Subject): string {
  const [id, title] = ["curves", "Training"], last = records.at(-1);
  if (!last) return section(id, title, "There is no metrics.jsonl beside the model, so its course is not known.");
  const charts = TERMS.map(([term, name]) => {
    const said = `${name}: ${last.test[term].toFixed(2)} nats per image on the test set after epoch ${last.epoch}, ` +
      `${last.train[term].toFixed(2)} on the train set.`;
    const label = `Line chart of the ${name} over the epochs, train and test.`;
    return figure(inlineSvg(termChart(records, term, name), `curve-${term}`, label), said, "chart");
  });
  const lead =
    "The loss is what training minimizes, on both sets; lower is better. Train values are means over the epoch, while " +
    "the model still learns, test values those at its end.";
  return section(id, title, lead, `<div class="charts">${charts.join("")}</div>`);
}

/** The codes of test images in the plane. */
export async function scatterSection({ params, test, binarize, signal }: Subject, pause: Pause): Promise<string> {
  const n = Math.min(POINTS, test.count), Z = params.config.latent;
  const codes = await latentCodes(params, test, { count: n, ...pixels(binarize), signal });
  const labels = test.labels?.subarray(0, n), plane = await planeOf(codes, Z, pause);
  const colors = labels ? "coloured by class, with each class's name at the median of its points" : "without classes";
  const label = `Scatter chart of ${n} codes: ${plane.names.join(" against ")}.`;
  const chart = inlineSvg(scatterChart({ ...plane, labels }), "scatter", label);
  const legend = labels ? legendOf(classesOf(labels)) : "";
  const caption = `The posterior means of the first ${n.toLocaleString("en-US")} test images, ${colors}. ${plane.said}`;
  return section("latent", "Latent space", "", figure(chart + legend, caption, "chart"));
}

/** Two numbers a code: itself if it is two, its principal components if it is more, its deviation beside it if it is one. */
async function planeOf(codes: LatentCodes, Z: number, pause: Pause): Promise<Scatter & { readonly said: string }> {
  const { mean, logVar } = codes;
  if (Z === 1) {
    const points = Array.from(mean).flatMap((m, i) => [m, Math.exp(logVar[i]! / 2)]);
    const names = ["mean of z0", "standard deviation of z0"] as const;
    return { points, names, square: false, said: "Upward, how unsure the encoder is of each." };
  }
  if (Z === 2) return { points: mean, names: ["z0", "z1"], square: true, said: "The code has these two numbers." };
  const { points, shares } = await pca(mean, Z, 2, pause),
    percent = shares.map((share) => `${(100 * share).toFixed(0)} %`);
  const names = [`component 1 (${percent[0]})`, `component 2 (${percent[1]})`] as const;
  const said =
    `Of ${Z} dimensions, these are the two directions in which the means vary most, with their parts of all ` +
    "variance (principal components); classes that overlap here may be apart in the others.";
  return { points, names, square: true, said };
}

function legendOf(classes: readonly number[]): string {
  const items = classes.map((name, place) => `<li><i style="background:${classColor(place)}"></i>${name}</li>`);
  return `<ul class="legend" aria-label="Classes">${items.join("")}</ul>`;
}

/** What each dimension of the code carries. */
export function klSection(statistics: LatentStatistics): string {
  const { kl, variance, activeUnits } = statistics, Z = kl.length, total = kl.reduce((sum, nats) => sum + nats, 0);
  const active = (j: number) => variance[j]! > ACTIVE, order = byKl(statistics);
  const label = `Bar chart of the KL of ${Math.min(Z, MOST_BARS)} dimensions, the largest first.`;
  const some = Z > MOST_BARS ? `The ${MOST_BARS} largest of ${Z} are shown. ` : "";
  const caption =
    `KL(q(z|x) || p(z)) of each dimension, in nats per image, a mean over the test set; ${
      total.toFixed(2)
    } in all. ${some}${activeUnits} of ${Z} ${Z === 1 ? "unit is" : "units are"} active, in colour: the variance of ` +
    `their posterior mean over the test set is above ${ACTIVE} (Burda et al., 2016).`;
  const rows = order.map((j) => [`z${j}`, kl[j]!.toFixed(4), variance[j]!.toFixed(4), active(j) ? "yes" : "no"]);
  const numbers = `<details><summary>${escape("The numbers")}</summary>${
    table(["dimension", "KL (nats)", "variance of the mean", "active"], rows)
  }</details>`;
  const chart = inlineSvg(klChart(statistics, active), "kl-bars", label);
  return section("kl", "KL by dimension", "", figure(chart, caption, "chart"), numbers);
}

/** How the model was made, and how good it is. */
export function settingsSection({ settings, metrics: { loss, reconstruction, kl, elbo } }: Subject): string {
  const [total, first, second] = [loss, reconstruction, kl].map((nats) => nats.toFixed(2));
  const bound = (elbo ?? -reconstruction - kl).toFixed(2);
  const tested = `${total} nats per image: reconstruction ${first}, KL ${second}; ELBO ${bound}`;
  return section("settings", "Settings", "", definitions([...settings, ["Test loss", tested]], "settings"));
}
