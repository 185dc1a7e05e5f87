/** The explorer in a browser: what it shows is what the model computes, to the pixel. */
import { decode, encode, generate, key, likelihood, type Model } from "../../src/edge/mod.ts";
import { planes } from "../../src/edge/planes.ts";
import { priorCodes } from "../../src/edge/prior.ts";
import { ways } from "../../src/vae/ways.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { smallFile } from "../edge/models.ts";
import {
  assertQuiet,
  browserTest,
  drawn,
  likeThePage,
  pixelsOf,
  pixelsWanted,
  serving,
  shown,
  sliders,
  watched,
} from "./chromium.ts";

const FILE = smallFile({ input: 64, hidden: [40], latent: 12 });
const MODEL = await likeThePage(FILE);

function image(z: ArrayLike<number>, model: Model = MODEL, labels?: number): number[] {
  const outputs = decode(model, Float32Array.from(z), { labels });
  return pixelsWanted(model, likelihood(model).mean(outputs).data);
}

browserTest("sliders move the code, and the image is what it decodes to, by mouse and by keys", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser), { page } = all;
    await page.goto(origin);
    await shown(page);
    const z = priorCodes(MODEL, 1, key(0)).data;
    assertEquals(await pixelsOf(page, "#image"), image(z));
    // Ten of the twelve dimensions are seen until all are asked for; the first has the most variance.
    assertEquals(await page.locator("#sliders label:visible").count(), 10);
    await page.locator("#all").check();
    assertEquals(await page.locator("#sliders label:visible").count(), 12);
    const first = page.locator("#sliders input").first(), d = Number((await first.getAttribute("id"))!.slice(1));
    const seen = new Set<string>();
    for (const value of [-3, -1, 0.5, 2.5]) {
      await first.fill(String(value));
      z[d] = value;
      const pixels = await pixelsOf(page, "#image");
      assertEquals(pixels, image(z));
      seen.add(pixels.join());
    }
    assertEquals(seen.size, 4);
    await first.press("ArrowLeft");
    z[d] = Math.fround(2.45);
    assertEquals(await pixelsOf(page, "#image"), image(z));
    const { x, y, width, height } = (await first.boundingBox())!;
    await page.mouse.move(x + 0.1 * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 0.9 * width, y + height / 2, { steps: 20 });
    await page.mouse.up();
    const dragged = (await sliders(page))[d];
    assert(dragged > 2, `${dragged}`);
    z[d] = Math.fround(dragged);
    assertEquals(await pixelsOf(page, "#image"), image(z));
    await page.locator("#zero").click();
    assertEquals(await pixelsOf(page, "#image"), image(new Float32Array(12)));
    await page.locator("#random").click();
    assert((await sliders(page)).some((value) => value !== 0));
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});

browserTest(
  "the plane is dragged, and moved by keys; the map behind it is what its places decode to",
  async (browser) => {
    await serving(FILE, async (origin) => {
      const all = await watched(browser), { page } = all, plane = page.locator("#plane");
      await page.goto(origin);
      await shown(page);
      const [across, up] = await Promise.all(["#across", "#up"].map((id) => page.locator(id).inputValue()));
      await page.locator("#zero").click();
      await plane.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await plane.boundingBox())!;
      await page.mouse.move(x + width / 2, y + height / 2);
      await page.mouse.down();
      await page.mouse.move(x + width * 0.75, y + height * 0.25, { steps: 10 });
      await page.mouse.up();
      await page.mouse.move(x, y); // no longer held
      const z = new Float32Array(12);
      [z[Number(across)], z[Number(up)]] = [1.5, 1.5];
      const near = (got: number[]) => got.forEach((value, d) => assert(Math.abs(value - z[d]) <= 0.05, `${got}`));
      near(await sliders(page));
      await plane.focus();
      await page.keyboard.press("Shift+ArrowDown");
      await page.keyboard.press("ArrowLeft");
      [z[Number(across)], z[Number(up)]] = [1.4, 1];
      near(await sliders(page));
      assertMatch(await plane.getAttribute("aria-label") ?? "", /^z\d+ 1\.4, z\d+ 1\.0;/);
      await page.keyboard.press("Home");
      assertEquals(await sliders(page), [...new Float32Array(12)]);
      for (let i = 0; i < 9; i++) await page.keyboard.press("Shift+ArrowRight");
      assertEquals((await sliders(page))[Number(across)], 3);
      await page.keyboard.press("Home");

      // 15 x 15 images of 8 x 8; the middle one is of z = 0, those of the first row have the most of `up`.
      const codes = new Float32Array(225 * 12);
      for (let i = 0; i < 225; i++) {
        codes[i * 12 + Number(across)] = 3 * (2 * (i % 15 + 0.5) / 15 - 1);
        codes[i * 12 + Number(up)] = -3 * (2 * (Math.floor(i / 15) + 0.5) / 15 - 1);
      }
      const { data } = likelihood(MODEL).mean(decode(MODEL, codes));
      const [wanted] = planes(data, { height: 8, width: 8, channels: 1 }, { columns: 15, scale: 1, gap: 0 });
      const pixels = [...wanted.pixels].flatMap((value) => [value, value, value]);
      // It grows over as many frames as it takes.
      let map = await pixelsOf(page, "#map");
      for (let i = 0; i < 200 && map.join() !== pixels.join(); i++) map = await pixelsOf(page, "#map");
      assertEquals(map, pixels);
      assertQuiet(all, origin, `${origin}model.safetensors`);
    });
  },
);

browserTest("equal seeds have equal pictures, which the address keeps; others have others", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser),
      { page } = all,
      pictures = async () => {
        await drawn(page);
        const each = await page.locator("#samples canvas").evaluateAll((list) =>
          (list as HTMLCanvasElement[]).map((canvas) => canvas.toDataURL())
        );
        assertEquals(each.length, 24);
        return each.join();
      };
    await page.goto(`${origin}#seed=7`);
    await shown(page);
    const seven = await pictures(), { data } = generate(MODEL, { n: 24, key: key(7) });
    for (const i of [0, 23]) {
      const canvas = `#samples button:nth-child(${i + 1}) canvas`;
      assertEquals(await pixelsOf(page, canvas), pixelsWanted(MODEL, data.subarray(i * 64, (i + 1) * 64)));
    }
    await page.locator("#next").click();
    const eight = await pictures();
    assert(eight !== seven);
    assertMatch(page.url(), /#seed=8$/);
    await page.locator("#seed").fill("7");
    await page.locator("#seed").press("Enter");
    assertEquals(await pictures(), seven);
    await page.evaluate("location.hash = '#seed=8'");
    assertEquals(await pictures(), eight);
    assertEquals(await page.locator("#seed").inputValue(), "8");
    const other = await watched(browser);
    await other.page.goto(page.url());
    await shown(other.page);
    assertEquals(
      await pixelsOf(other.page, "#samples canvas >> nth=5"),
      await pixelsOf(page, "#samples canvas >> nth=5"),
    );
    await page.locator("#samples button").nth(5).focus();
    await page.keyboard.press("Enter");
    assertEquals(await pixelsOf(page, "#image"), await pixelsOf(page, "#samples canvas >> nth=5"));
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});

browserTest("the way between two codes begins and ends where it is told to", async (browser) => {
  await serving(FILE, async (origin) => {
    const all = await watched(browser), { page } = all;
    await page.goto(origin);
    await shown(page);
    const codes = priorCodes(MODEL, 24, key(0)).data, code = (i: number) => codes.subarray(i * 12, (i + 1) * 12);
    const on = (a: number, b: number, method: "linear" | "spherical", steps = 9) =>
      ways(code(a), code(b), { rows: 1, cols: 12, steps, method });
    const compare = async (z: Float32Array) => {
      for (const i of [0, 4, 8]) {
        assertEquals(await pixelsOf(page, `#way canvas >> nth=${i}`), image(z.subarray(i * 12, (i + 1) * 12)));
      }
    };
    await compare(on(0, 1, "linear"));
    await page.locator("#samples button").nth(9).click();
    await page.locator("#to").click();
    await page.locator("#samples button").nth(3).click();
    await page.locator("#from").click();
    await compare(on(3, 9, "linear"));
    await page.locator("#method").selectOption("spherical");
    await compare(on(3, 9, "spherical"));
    await page.locator("#along").fill("1");
    assertEquals(await pixelsOf(page, "#image"), image(code(9)));
    await page.locator("#along").press("ArrowLeft");
    assertEquals(await pixelsOf(page, "#image"), image(on(3, 9, "spherical", 101).subarray(99 * 12, 100 * 12)));
    await page.locator("#way button").nth(4).click();
    assertEquals(await page.locator("#along").inputValue(), "0.5");
    assertEquals(await pixelsOf(page, "#image"), await pixelsOf(page, "#way canvas >> nth=4"));
    assertQuiet(all, origin, `${origin}model.safetensors`);
  });
});

browserTest(
  "a conditional model in color decodes, samples and encodes for the class that is chosen",
  async (browser) => {
    const file = smallFile({ input: 8 * 8 * 3, image: [8, 8, 3], channels: [4], hidden: [9], latent: 1, classes: 3 });
    const model = await likeThePage(file);
    await serving(file, async (origin) => {
      const all = await watched(browser), { page } = all;
      await page.goto(`${origin}#label=1&seed=2`);
      await shown(page);
      const z = priorCodes(model, 1, key(2)).data;
      assertEquals(await pixelsOf(page, "#image"), image(z, model, 1));
      assert(await page.locator("#plane-panel").isHidden()); // there is one dimension only
      await page.locator("#label").selectOption("2");
      assertEquals(await pixelsOf(page, "#image"), image(z, model, 2));
      assertMatch(page.url(), /#label=2&seed=2$/);
      const { data } = generate(model, { n: 24, key: key(2), labels: 2 });
      assertEquals(await pixelsOf(page, "#samples canvas >> nth=0"), pixelsWanted(model, data.subarray(0, 192)));
      await page.locator("#pad").click();
      await page.locator("#use").click();
      assertEquals((await sliders(page)).length, 1);
      const x = Float32Array.from(await pixelsOf(page, "#seen"), (value) => value / 255);
      const [code] = encode(model, x, { labels: 2 }).mean.data, [used] = await sliders(page);
      assert(Math.abs(used - code) < 0.06, `${used} ${code}`);
      assertQuiet(all, origin, `${origin}model.safetensors`);
    });
  },
);
