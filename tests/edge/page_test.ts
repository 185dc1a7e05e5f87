/** The page of one's own that the README makes, in Chromium; and its bundle in Node. */
import { generate, key } from "../../src/edge/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { browserTest, drawn, hosting, likeThePage, pixelsOf, pixelsWanted, watched } from "../explorer/chromium.ts";
import { example, made, readme, withFiles } from "./files.ts";
import { smallFile } from "./models.ts";

const FILE = smallFile({ input: 49, hidden: [20], latent: 3 }), MODEL = await likeThePage(FILE);

/** What the README's commands put into the folder of the page, but for the model. */
const [, COMMANDS] = (await readme()).match(
  /```sh\n(npx -y esbuild\S+ src\/edge\/mod\.ts [^`]+?)npx -y deno@\S+ task export --model \S+ --out runs\/page\/model\.safetensors\n```/,
)!;
const FILES = await made(COMMANDS, "runs/page", await example("browser.html"));

browserTest("the README's page draws what the model generates, and other seeds draw others", async (browser) => {
  assertEquals(Object.keys(FILES).toSorted(), ["edge.js", "edge_baseline.wasm", "index.html"]);
  const { "index.html": page, "edge.js": edge, "edge_baseline.wasm": wasm } = FILES;
  await hosting(
    { "/": page, "/edge.js": edge, "/edge_baseline.wasm": wasm, "/model.safetensors": FILE },
    async (origin) => {
      const { page, complaints } = await watched(browser);
      await page.goto(origin);
      await page.locator("canvas").nth(15).waitFor();
      for (const seed of [0, 5]) {
        await page.locator("#seed").fill(String(seed));
        await page.locator("#seed").press("Enter");
        await drawn(page);
        const { data } = generate(MODEL, { n: 16, key: key(seed) });
        for (const i of [0, 15]) {
          const wanted = pixelsWanted(MODEL, data.subarray(i * 49, (i + 1) * 49));
          assertEquals(await pixelsOf(page, `canvas >> nth=${i}`), wanted);
        }
      }
      // But for the icon, which hosts of files have or have not.
      assertEquals(complaints.filter((text) => !text.includes("404")), []);
    },
  );
  await hosting({ "/": page, "/edge.js": edge, "/edge_baseline.wasm": wasm }, async (origin) => {
    const { page } = await watched(browser);
    await page.goto(origin);
    await page.locator("#samples", { hasText: "Cannot" }).waitFor();
    assertStringIncludes((await page.locator("#samples").textContent())!, "expected a response of status 200, got 404");
  });
});

Deno.test("the README's bundle runs in Node, with the same bits", async () => {
  const program = `
import { readFile } from "node:fs/promises";
import { generate, key, load } from "./edge.js";
const model = await load(await readFile("model.safetensors"), { wasm: await readFile("edge_baseline.wasm") });
console.log(generate(model, { n: 3, key: key(1) }).data.join(" "));`;
  const files = { ...FILES, "model.safetensors": FILE, "program.mjs": new TextEncoder().encode(program) };
  await withFiles(files, async (folder) => {
    const { success, stdout, stderr } = await new Deno.Command("node", { args: ["program.mjs"], cwd: folder }).output();
    assert(success, new TextDecoder().decode(stderr));
    const { data } = generate(MODEL, { n: 3, key: key(1) });
    assertEquals(new TextDecoder().decode(stdout), `${data.join(" ")}\n`);
  });
});
