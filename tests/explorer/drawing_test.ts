/** What is drawn or uploaded, as the model sees it; its code and its reconstruction. */
import type { Page } from "../../bench/chromium.ts";
import { encode } from "../../src/edge/mod.ts";
import { encodePng } from "../../src/edge/handler/png.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { smallFile } from "../edge/models.ts";
import {
  assertQuiet,
  browserTest,
  drawn,
  likeThePage,
  pixelsOf,
  serving,
  shown,
  sliders,
  watched,
} from "./chromium.ts";

const FILE = smallFile({ input: 28 * 28, hidden: [40], latent: 6 });
const MODEL = await likeThePage(FILE);

/** What the model is shown, in [0, 1]; to 8 bits. */
async function seen(page: Page): Promise<Float32Array> {
  return Float32Array.from((await pixelsOf(page, "#seen")).filter((_, i) => i % 3 === 0), (value) => value / 255);
}

/** Rows and columns in which there is anything, and the center of mass. */
function extent(x: Float32Array) {
  const inked = Array.from(x.keys()).filter((i) => x[i] > 0.1);
  const [xs, ys] = [inked.map((i) => i % 28), inked.map((i) => Math.floor(i / 28))];
  const mass = x.reduce((sum, value) => sum + value, 0);
  const center = [(i: number) => i % 28, (i: number) => Math.floor(i / 28)].map((of) =>
    x.reduce((sum, value, i) => sum + value * (of(i) + 0.5), 0) / mass
  );
  return { width: Math.max(...xs) - Math.min(...xs) + 1, height: Math.max(...ys) - Math.min(...ys) + 1, center };
}

/** Checks that the code on the page is that of what the model is shown. */
async function assertCode(page: Page): Promise<void> {
  const { data } = encode(MODEL, await seen(page)).mean;
  const numbers = (await page.locator("#numbers").textContent())!.split(" ").map(Number);
  // The page encodes more digits than the picture's 8 bits.
  numbers.forEach((value, d) => assert(Math.abs(value - data[d]) < 0.03, `${numbers} for ${data}`));
  await page.locator("#use").click();
  assertEquals(await pixelsOf(page, "#image"), await pixelsOf(page, "#reconstruction"));
  (await sliders(page)).forEach((value, d) =>
    assert(Math.abs(value - Math.max(-3, Math.min(3, numbers[d]))) < 0.04, `${value} for ${numbers[d]}`)
  );
}

browserTest("a drawing is shown to the model as MNIST has its digits, or as it stands", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser), { page } = all, pad = page.locator("#pad");
    await page.goto(origin);
    await shown(page);
    assert(await page.locator("#results").isHidden() && await page.locator("#use").isDisabled());
    await pad.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await pad.boundingBox())!;
    await page.mouse.move(x + 0.2 * width, y + 0.2 * height);
    await page.mouse.down();
    await page.mouse.move(x + 0.2 * width, y + 0.5 * height, { steps: 9 });
    await page.mouse.up();
    await page.mouse.move(x + 0.9 * width, y + 0.9 * height); // no ink
    const fitted = extent(await seen(page));
    assert(fitted.height >= 20 && fitted.height <= 21 && fitted.width < 8, JSON.stringify(fitted));
    fitted.center.forEach((value) => assert(Math.abs(value - 14) < 0.3, `${fitted.center}`));
    await assertCode(page);
    const before = await pixelsOf(page, "#reconstruction");
    await page.locator("#center").uncheck();
    const { center } = extent(await seen(page));
    assert(Math.abs(center[0] - 5.6) < 0.4 && Math.abs(center[1] - 9.8) < 0.4, `${center}`);
    await assertCode(page);
    assert(before.join() !== (await pixelsOf(page, "#reconstruction")).join());
    await page.locator("#invert").check();
    assert((await seen(page)).filter((value) => value > 0.9).length > 500);
    await page.locator("#invert").uncheck();
    await page.locator("#clear").click();
    await drawn(page);
    assert(await page.locator("#results").isHidden() && await page.locator("#use").isDisabled());
    await page.mouse.click(x + width / 2, y + height / 2);
    const dot = (await seen(page)).filter((value) => value > 0.5).length;
    assert(dot > 2 && dot < 9, `${dot}`); // and nothing of before
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});

browserTest("the pen is moved by keys", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser), { page } = all;
    await page.goto(origin);
    await shown(page);
    await page.locator("#center").uncheck();
    await page.locator("#pad").focus();
    for (let i = 0; i < 9; i++) await page.keyboard.press("ArrowLeft");
    await drawn(page);
    assert(await page.locator("#results").isHidden()); // the pen is up
    await page.keyboard.press("Space");
    for (let i = 0; i < 18; i++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowUp");
    const { width, height, center } = extent(await seen(page));
    assert(width > 18 && width < 22 && height < 5, `${width} x ${height}`);
    center.forEach((value) => assert(Math.abs(value - 14) < 0.5, `${center}`));
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});

browserTest("a picture that is uploaded is what the model sees; what is none is refused", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser), { page } = all, upload = page.locator("#upload");
    await page.goto(origin);
    await shown(page);
    // A ramp with a hole, wider than it is high: it is fitted into the pad, black above and below.
    const pixels = Uint8Array.from(
      { length: 56 * 28 },
      (_, i) => i % 56 < 8 && i > 56 * 20 ? 0 : 80 + Math.floor(i / 56) * 6,
    );
    const buffer = globalThis.Buffer.from(await encodePng([pixels], 56, 28));
    await upload.setInputFiles({ name: "ramp.png", mimeType: "image/png", buffer });
    await page.locator("#center").uncheck();
    const x = await seen(page), wanted = (row: number) => (80 + 6 * (2 * (row - 7) + 0.5)) / 255;
    for (let i = 0; i < 784; i++) {
      const [row, column] = [Math.floor(i / 28), i % 28];
      if (row < 7 || row >= 21) assertEquals(x[i], 0, `row ${row}`);
      // Away from borders, where neighbours mix.
      if (row > 8 && row < 19 && column > 6) {
        assert(Math.abs(x[i] - wanted(row)) < 0.02, `${i}: ${x[i]} ${wanted(row)}`);
      }
    }
    assert(x[28 * 19 + 1] < 0.05);
    await assertCode(page);
    await upload.setInputFiles({
      name: "notes.txt",
      mimeType: "text/plain",
      buffer: globalThis.Buffer.from("no picture"),
    });
    await page.waitForSelector("#error:not([hidden])");
    const message = await page.locator("#error").textContent();
    assertStringIncludes(message!, "Cannot read notes.txt: expected a picture, such as PNG or JPEG, got text/plain");
    assertEquals(await seen(page), x);
    assertMatch(page.url(), /#seed=0$/);
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});
