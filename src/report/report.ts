/**
 * Everything worth seeing of a model, as one HTML file.
 *
 * @module
 */
import { checkFit } from "../batches.ts";
import { latentStatistics } from "../latent.ts";
import { Pause } from "../pause.ts";
import { curvesSection, klSection, scatterSection, settingsSection } from "./chart_sections.ts";
import { definitions, escape } from "./html.ts";
import { manifoldSection, reconstructionsSection, samplesSection } from "./image_sections.ts";
import { interpolationsSection, traversalsSection } from "./path_sections.ts";
import { pixels, type Subject } from "./subject.ts";
import { STYLE } from "./theme.ts";

export type { Subject } from "./subject.ts";

/** The browser itself keeps the page from loading anything. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * A model and what it makes of the test images as one HTML file: curves, samples, reconstructions, interpolations,
 * traversals, the latent space, KL by dimension, settings. It holds its pictures and charts, has no script and loads
 * nothing; it is light or dark as the reader's system is. It lets others run about every 100 ms, such as signals.
 *
 * @param subject What the report is about; borrowed.
 * @returns The text of the file, the same for the same subject.
 * @throws {TypeError} If the images are not as wide as the model's.
 * @throws The reason of the subject's signal, if that asks to stop.
 */
export async function report(subject: Subject): Promise<string> {
  const pause = new Pause("Cannot make a report", subject.signal);
  const { params, step, test, name, metrics, binarize } = subject, Z = params.config.latent;
  checkFit("Cannot make a report", params, test);
  const statistics = await latentStatistics(params, test, { ...pixels(binarize), signal: subject.signal });
  const nats = (value: number) => value.toFixed(2);
  const key = definitions([
    ["test loss, nats per image", nats(metrics.loss)],
    ["test ELBO, nats per image", nats(metrics.elbo ?? -metrics.reconstruction - metrics.kl)],
    ["reconstruction", nats(metrics.reconstruction)],
    ["KL divergence", nats(metrics.kl)],
    ["active units", `${statistics.activeUnits} of ${Z}`],
    ["steps", step.toLocaleString("en-US")],
  ], "key");
  const side = (...sections: string[]) => `<div class="columns">${sections.join("")}</div>`;
  const sections = [
    () => curvesSection(subject),
    async () => {
      const samples = samplesSection(subject);
      await pause.take();
      return side(samples, reconstructionsSection(subject));
    },
    () => interpolationsSection(subject, pause),
    () => traversalsSection(subject, statistics, pause),
    async () => side(await scatterSection(subject, pause), klSection(statistics)),
    () => Z === 2 ? manifoldSection(subject) : "",
    () => settingsSection(subject),
  ];
  let body = "";
  for (const section of sections) {
    body += await section();
    await pause.take();
  }
  const title = escape(`${name}: report on a variational autoencoder`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>${escape(name)}</h1><p>What a variational autoencoder has learned.</p>${key}${contents(body)}</header>
${body}
</main>
</body>
</html>
`;
}

/** Links to the sections that there are. */
function contents(body: string): string {
  const found = body.matchAll(/<h2 id="(\w+)-title">(.*?)<\/h2>/g);
  const items = Array.from(found, ([, id, title]) => `<li><a href="#${id}">${title}</a></li>`);
  return `<nav aria-label="Contents"><ul>${items.join("")}</ul></nav>`;
}
