/** The explorer's page in a browser; tests use it, too. */
import { createHandler, load } from "../src/edge/handler/mod.ts";
import { explorer } from "../src/explorer/mod.ts";
import { launch, type Page } from "./chromium.ts";

/** Serves a model's file and the explorer while `use` runs, on an origin of this machine. */
export async function serving(file: Uint8Array<ArrayBuffer>, use: (origin: string) => Promise<void>): Promise<void> {
  const handler = createHandler(await load(file), { explorer });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handler);
  await use(`http://127.0.0.1:${server.addr.port}/`);
}

/** Waits until the page shows a model. */
export async function opened(page: Page): Promise<void> {
  await page.waitForSelector("#panels:not([hidden])");
}

/** Opens a model in a browser of its own, in a window of this size, and uses the page. */
export async function withPage(
  file: Uint8Array<ArrayBuffer>,
  { hash = "", ...viewport }: { readonly hash?: string; readonly width: number; readonly height: number },
  use: (page: Page) => Promise<void>,
): Promise<void> {
  await serving(file, async (origin) => {
    const browser = await launch();
    try {
      const page = await browser.newPage({ viewport });
      await page.goto(origin + hash);
      await opened(page);
      await use(page);
    } finally {
      await browser.close();
    }
  });
}
