/** The explorer's page in a browser. */
import { type Browser, findChromium, launch, type Page } from "../../bench/chromium.ts";
import { opened, serving } from "../../bench/explorer_page.ts";
import { load, type Model } from "../../src/edge/mod.ts";
import { planes } from "../../src/edge/planes.ts";
import { shapeOf } from "../../src/edge/shape.ts";
import { assertEquals } from "../assert.ts";
import { wasm } from "../edge/models.ts";

export { serving };

/** A test in a browser; left out where there is none. */
export function browserTest(name: string, run: (browser: Browser) => Promise<void>): void {
  Deno.test({
    name,
    // CI has to have a browser.
    ignore: findChromium() === undefined && !Deno.env.get("CI"),
    // The driver's timers and pipes end when its process does, not with a test.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const browser = await launch();
      try {
        await run(browser);
      } finally {
        await browser.close();
      }
    },
  });
}

/** What a page asked for and complained of. */
export type Watched = { readonly page: Page; readonly requests: string[]; readonly complaints: string[] };

/** A new page that is watched. */
export async function watched(browser: Browser, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Watched> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
  const requests: string[] = [], complaints: string[] = [];
  page.on("request", (request) => void requests.push(request.url()));
  page.on("pageerror", (error) => void complaints.push(error.message));
  page.on("console", (message) => void complaints.push(message.text()));
  return { page, requests, complaints };
}

/** A file host, on an origin of this machine while `use` runs; what it does not have is answered with 404. */
export async function hosting(files: Record<string, BodyInit>, use: (origin: string) => Promise<void>): Promise<void> {
  const types: Record<string, string> = { "": "text/html", js: "text/javascript", wasm: "application/wasm" };
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url), body = files[pathname], [, extension] = pathname.match(/\.(\w+)$|$/)!;
    if (body === undefined) return new Response("", { status: 404 });
    return new Response(body, { headers: { "content-type": types[extension ?? ""] ?? "application/octet-stream" } });
  });
  await use(`http://127.0.0.1:${server.addr.port}`);
}

/** The model with the kernels that the page has. */
export async function likeThePage(file: Uint8Array): Promise<Model> {
  return await load(file, { wasm: wasm("edge_baseline") });
}

/** Waits until the page shows a model, and all that it draws then. */
export async function shown(page: Page): Promise<void> {
  await opened(page);
  await drawn(page);
}

/** Waits until what has changed is drawn: two frames, since the first may have begun before. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

/** A canvas's red, green and blue values, row by row. */
export async function pixelsOf(page: Page, selector: string): Promise<number[]> {
  await drawn(page);
  return await page.locator(selector).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    return [...data].filter((_, i) => i % 4 < 3);
  });
}

/** The same of an example, computed here. */
export function pixelsWanted(model: Model, example: Float32Array): number[] {
  const drawn = planes(example, shapeOf(model), { scale: 1, gap: 0 });
  const [red, green = red, blue = red] = drawn.map(({ pixels }) => pixels);
  return [...red].flatMap((value, i) => [value, green[i], blue[i]]);
}

/** Checks that a page asked for nothing but itself and its model, and complained of nothing. */
export function assertQuiet({ requests, complaints }: Watched, ...wanted: string[]): void {
  assertEquals(complaints, []);
  assertEquals(requests, wanted);
}

/** The value of each slider, by dimension, whether it is seen or not. */
export async function sliders(page: Page): Promise<number[]> {
  await drawn(page);
  return await page.locator("#sliders input").evaluateAll((inputs) =>
    (inputs as HTMLInputElement[])
      .toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))).map((input) => input.valueAsNumber)
  );
}
