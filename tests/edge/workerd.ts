/** The example for Cloudflare as its README says, in the runtime that Cloudflare has. */
import { startWorker } from "../../bench/workerd.ts";
import type { Handler } from "../../src/edge/handler/mod.ts";

const ROOT = new URL("../../", import.meta.url);

/** Files by their names. */
export type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** The README's command that bundles the example, and the folder that it writes to. */
export async function bundleCommand(): Promise<{ command: string; out: string }> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [command, out] = readme.match(/^npx -y esbuild@[\d.]+ examples\/cloudflare\.ts (?:.*\\\n)*.*--outdir=(\S+)$/m)!;
  return { command, out };
}

/** What it makes of the example beside a model's file, in a folder of its own, so that nothing is left in the repository. */
export async function bundled(model: Uint8Array): Promise<Files> {
  const { command, out } = await bundleCommand(), folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/examples`);
    await Deno.copyFile(new URL("examples/cloudflare.ts", ROOT), `${folder}/examples/cloudflare.ts`);
    await Deno.writeFile(`${folder}/examples/model.safetensors`, model);
    for (const name of ["src", "wasm"]) await Deno.symlink(new URL(name, ROOT).pathname, `${folder}/${name}`);
    const { success, stderr } = await new Deno.Command("sh", { args: ["-c", command], cwd: folder }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const names = [...Deno.readDirSync(`${folder}/${out}`)].map(({ name }) => name);
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await Deno.readFile(`${folder}/${out}/${name}`)])),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs `body` beside a worker of these files, which answers requests to `http://localhost`; `port` is where it listens. */
export async function withWorker(
  files: Files,
  body: (worker: Handler, port: number) => Promise<void>,
  main = "cloudflare.js",
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${folder}/${name}`, bytes);
    const { url, stop } = await startWorker(folder, main);
    try {
      await body((request) => fetch(request.url.replace("http://localhost", url), request), Number(new URL(url).port));
    } finally {
      await stop();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
