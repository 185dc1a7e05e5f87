/** The example for Cloudflare as its README says, in the runtime that Cloudflare has. */
import { startWorker } from "../../bench/workerd.ts";
import type { Handler } from "../../src/edge/handler/mod.ts";
import { example, type Files, made, readme, withFiles } from "./files.ts";

/** The README's command that bundles the example, and the folder that it writes to. */
export async function bundleCommand(): Promise<{ command: string; out: string }> {
  const [command, out] = (await readme()).match(
    /^npx -y esbuild@[\d.]+ examples\/cloudflare\.ts (?:.*\\\n)*.*--outdir=(\S+)$/m,
  )!;
  return { command, out };
}

/** What it makes of the example beside a model's file. */
export async function bundled(model: Uint8Array<ArrayBuffer>): Promise<Files> {
  const { command, out } = await bundleCommand();
  return await made(command, out, { ...await example("cloudflare.ts"), "examples/model.safetensors": model });
}

/** Runs `body` beside a worker of these files, which answers requests to `http://localhost`; `port` is where it listens. */
export async function withWorker(
  files: Files,
  body: (worker: Handler, port: number) => Promise<void>,
  main = "cloudflare.js",
): Promise<void> {
  await withFiles(files, async (folder) => {
    const { url, stop } = await startWorker(folder, main);
    try {
      await body((request) => fetch(request.url.replace("http://localhost", url), request), Number(new URL(url).port));
    } finally {
      await stop();
    }
  });
}
