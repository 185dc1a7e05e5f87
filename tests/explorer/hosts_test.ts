/** Where the page is: file hosts, no host at all, phones; and what it says of models that are none. */
import axe from "npm:axe-core@4.10.3";
import { fileURLToPath, pathToFileURL } from "node:url";
import { explorer } from "../../src/explorer/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { smallFile } from "../edge/models.ts";
import { assertQuiet, browserTest, drawn, hosting, pixelsOf, serving, shown, sliders, watched } from "./chromium.ts";

const FILE = smallFile({ input: 64, hidden: [40], latent: 12 });
const OTHER = smallFile({ input: 35, hidden: [9], latent: 3 });

const buffer = (bytes: Uint8Array) => globalThis.Buffer.from(bytes);

browserTest(
  "below a path of a file host it loads the model beside it, or the one that its address names",
  async (browser) => {
    const files = { "/a/b/": explorer, "/a/b/model.safetensors": FILE, "/models/other.safetensors": OTHER };
    await hosting(files, async (origin) => {
      const all = await watched(browser), { page } = all;
      await page.goto(`${origin}/a/b/`);
      await shown(page);
      assertMatch(
        (await page.locator("#about").textContent())!,
        /^model\.safetensors: 64 values, bernoulli; 12 dimensions; /,
      );
      assertQuiet(all, `${origin}/a/b/`, `${origin}/a/b/model.safetensors`);
      const second = await watched(browser);
      await second.page.goto(`${origin}/a/b/#model=../../models/other.safetensors&seed=3`);
      await shown(second.page);
      assertEquals((await sliders(second.page)).length, 3);
      assertMatch(second.page.url(), /#model=[^&]+&seed=3$/);
      assertQuiet(second, `${origin}/a/b/`, `${origin}/models/other.safetensors`);
    });
  },
);

browserTest(
  "a model that is missing or damaged is told; one that is opened takes its place, and stays",
  async (browser) => {
    await hosting({ "/": explorer }, async (origin) => {
      const { page, complaints } = await watched(browser), error = page.locator("#error"), file = page.locator("#file");
      await page.goto(origin);
      await page.waitForSelector("#error:not([hidden])");
      assertStringIncludes((await error.textContent())!, "expected a response of status 200, got 404");
      assert(await page.locator("#panels").isHidden());
      await file.setInputFiles({ name: "mine.safetensors", mimeType: "", buffer: buffer(FILE) });
      await shown(page);
      assert(await error.isHidden());
      const image = await pixelsOf(page, "#image");
      const newer = new TextDecoder("latin1").decode(FILE).replace('"elbo":"1"', '"elbo":"2"');
      for (
        const [name, bytes, message] of [
          ["short", FILE.subarray(0, 1000), "as its length field says, got 992"],
          ["none", new Uint8Array(), "expected a safetensors file, got an empty one"],
          ["newer", Uint8Array.from(newer, (letter) => letter.charCodeAt(0)), "got version 2 of a newer elbo"],
        ] as const
      ) {
        await file.setInputFiles({ name, mimeType: "", buffer: buffer(bytes) });
        await page.locator("#error", { hasText: `${name}:` }).waitFor();
        assertStringIncludes((await error.textContent())!, message);
        assertEquals(await pixelsOf(page, "#image"), image);
        assertMatch((await page.locator("#about").textContent())!, /^mine\.safetensors: 64 values/);
      }
      await file.setInputFiles({ name: "other.safetensors", mimeType: "", buffer: buffer(OTHER) });
      await page.locator("#about", { hasText: "other.safetensors: 35 values" }).waitFor();
      assert(await error.isHidden());
      assertEquals((await sliders(page)).length, 3);
      // Listeners of the first model went with it.
      await page.locator("#zero").click();
      assertEquals(await sliders(page), [0, 0, 0]);
      await page.locator("#next").click();
      await drawn(page);
      assertMatch(page.url(), /#seed=1$/);
      // Chromium itself tells of the 404.
      assertEquals(complaints.filter((text) => !text.includes("404")), []);
    });
  },
);

browserTest("without any host the page opens a model from the disk", async (browser) => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/index.html`, explorer);
    await Deno.writeFile(`${folder}/model.safetensors`, FILE);
    const { page } = await watched(browser);
    await page.goto(pathToFileURL(`${folder}/index.html`).href);
    await page.waitForSelector("#error:not([hidden])"); // browsers read no files for pages
    await page.locator("#file").setInputFiles(fileURLToPath(pathToFileURL(`${folder}/model.safetensors`)));
    await shown(page);
    await page.locator("#sliders input").first().fill("2");
    assertEquals((await sliders(page)).filter((value) => value === 2).length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

browserTest("on a phone it is as wide as the screen, and follows a finger", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    const { page } = all;
    await page.goto(origin);
    await shown(page);
    await page.locator("#pad").tap(); // so that all there can be is seen
    await page.locator("summary").tap();
    const [scroll, inner] = await page.evaluate<number[]>("[document.documentElement.scrollWidth, innerWidth]");
    assertEquals([scroll, inner], [360, 360]);
    // Large enough for fingers.
    for (const button of await page.locator("button:visible, .button:visible, select:visible").all()) {
      const { width, height } = (await button.boundingBox())!;
      assert(width >= 24 && height >= 24, `${await button.textContent()}: ${width} x ${height}`);
    }
    const plane = page.locator("#plane"), across = Number(await page.locator("#across").inputValue());
    await plane.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await plane.boundingBox())!;
    await page.touchscreen.tap(x + width / 6, y + height / 2);
    assert(Math.abs((await sliders(page))[across] + 2) < 0.1, `${await sliders(page)}`);
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});

browserTest("for those who do not see it, or see it dark, axe finds nothing amiss", async (browser) => {
  await serving(FILE, async (origin) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await watched(browser, { colorScheme });
      await page.goto(origin);
      await shown(page);
      await page.locator("#pad").click(); // so that all there can be is seen
      await drawn(page);
      await page.evaluate(axe.source);
      const { passes, violations } = await page.evaluate<{ passes: unknown[]; violations: { help: string }[] }>(
        "axe.run()",
      );
      assertEquals(violations.map(({ help }) => help), []);
      assert(passes.length > 20, `${passes.length} rules were met`);
    }
  });
});
