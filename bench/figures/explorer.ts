/**
 * The picture of the explorer in the README: opens it in Chromium with a model, draws a seven, and takes a picture.
 *
 *     deno task figure:explorer MODEL [OUT]
 */
import { withPage } from "../explorer_page.ts";

/** A seven, in parts of the pad. */
const SEVEN = [[0.25, 0.22], [0.5, 0.2], [0.74, 0.22], [0.6, 0.5], [0.5, 0.8]];

const [model, out = ".github/explorer.png"] = Deno.args;
if (model === undefined) throw new TypeError("expected a model's file");
await withPage(await Deno.readFile(model), { width: 1180, height: 700, hash: "#seed=3" }, async (page) => {
  await page.locator("#samples button").nth(7).click();
  await page.evaluate("scrollTo(0, 0)");
  const { x, y, width, height } = (await page.locator("#pad").boundingBox())!;
  for (const [i, [dx, dy]] of SEVEN.entries()) {
    await page.mouse.move(x + dx * width, y + dy * height, { steps: i === 0 ? 1 : 8 });
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
  await page.mouse.move(0, 0);
  await page.waitForTimeout(500);
  await Deno.writeFile(out, await page.screenshot({ fullPage: true }));
});
console.log(out);
