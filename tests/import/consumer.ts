/** A host that serves the repository, and programs that import it from there. */
import { generate, init, key, load, save, tf } from "../../mod.ts";
import { explorer } from "../../src/explorer/mod.ts";
import { assert, assertEquals } from "../assert.ts";

export const ROOT = new URL("../../", import.meta.url);

/** What users import, from the repository's top. */
export const ENTRIES = ["mod.ts", "src/edge/mod.ts", "src/edge/handler/mod.ts", "src/explorer/mod.ts"] as const;

const TYPES: Record<string, string> = {
  ts: "application/typescript",
  js: "text/javascript",
  wasm: "application/wasm",
};

/** How a host serves files. */
export type HostOptions = {
  /** The content type by extension, null for none; by default the right one. */
  readonly type?: (extension: string) => string | null;
  /** The path that stands for the repository's top. */
  readonly at?: string;
};

/** Runs `body` while the repository is served over HTTP, on a port of its own. */
export async function withHost(
  { type = (extension) => TYPES[extension] ?? "text/plain", at = "/" }: HostOptions,
  body: (top: string, host: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const bytes = pathname.startsWith(at) &&
      await Deno.readFile(new URL("./" + pathname.slice(at.length), ROOT)).catch(() => undefined);
    if (!bytes) return new Response("not found", { status: 404 });
    const found = type(pathname.split(".").at(-1)!);
    return new Response(bytes, { headers: found === null ? {} : { "content-type": found } });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  try {
    await body(`http://${host}${at}`, host);
  } finally {
    await server.shutdown();
  }
}

/** Runs a script of its own, in a folder of its own with these files. */
export async function run(script: string, flags: readonly string[] = [], files: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries({ ...files, "script.ts": script })) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    return await deno(folder, ["run", "--no-prompt", ...flags, "script.ts"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs deno in a folder. */
export async function deno(folder: string, args: readonly string[]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(120_000),
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** What a program needs to import from a host. An earlier test may have had its port, and Deno keeps what it loads. */
export function allowed(host: string): string[] {
  return [`--allow-import=${host}`, `--reload=http://${host}`];
}

/** Ten steps with two threads; it must end by itself. */
export const program = (url: string) => `
import { foldIn, init, key, random, start, step, tf } from "${url}";
const { threads } = await start({ threads: 2 });
let state = init({ input: 784, hidden: [100], latent: 10 }, { key: key(0) });
const x = random.uniform(key(1), [64, 784]);
const losses: number[] = [];
for (let i = 0; i < 10; i++) {
  const [next, metrics] = step(state, x, { key: foldIn(key(2), i), donate: true });
  state = next;
  losses.push(metrics.loss);
}
const product = tf.matMul(x, tf.ones([784, 512])); // XNNPACK's thread starts, too
const sum = tf.sum(product).dataSync()[0];
console.log(JSON.stringify({ threads, losses, sum, core: tf.version_core }));
`;

/** Fails unless {@linkcode program} ended well. */
export function assertTrained({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): void {
  assertEquals(code, 0, stderr);
  const { threads, losses, core } = JSON.parse(stdout);
  assertEquals(threads, 2);
  assert(losses.length === 10 && losses.every(Number.isFinite) && losses[9] < losses[0], stdout);
  assertEquals(core, "4.22.0", "not the tfjs-core of elbo's own");
}

const FILE = save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) }));

/** Inference by the edge's functions, and by a handler with the explorer; the kernels are found by themselves. */
export const inference = (top: string) => `
import { generate, key, load } from "${top}src/edge/mod.ts";
import { createHandler } from "${top}src/edge/handler/mod.ts";
import { explorer } from "${top}src/explorer/mod.ts";
const model = await load(Uint8Array.fromBase64("${FILE.toBase64()}"));
const handler = createHandler(model, { explorer });
const [samples, page] = await Promise.all(["sample?n=2&seed=3", ""].map((path) =>
  handler(new Request("http://localhost/" + path, { headers: { accept: path ? "*/*" : "text/html" } }))
));
const { x } = await samples.json();
console.log(JSON.stringify([[...generate(model, { n: 2, key: key(3) }).data], x.flat(), (await page.text()).length]));
`;

/** Fails unless {@linkcode inference} ended with what the main module generates. */
export function assertInferred({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): void {
  assertEquals(code, 0, stderr);
  const [data, sampled, length] = JSON.parse(stdout), { params } = load(FILE);
  const wanted = tf.tidy(() => generate(params, { n: 2, key: key(3) }).dataSync<"float32">().slice());
  for (const got of [data, sampled]) assertEquals(Float32Array.from(got), wanted);
  assertEquals(length, explorer.length);
}

/** Fails unless every entry can be imported from there, with all that it exports here, and does what it is for. */
export async function assertImportable(top: string, flags: readonly string[]): Promise<void> {
  for (const entry of ENTRIES) {
    const names = Object.keys(await import(new URL(entry, ROOT).href));
    const script = `import * as entry from "${top}${entry}"; console.log(JSON.stringify(Object.keys(entry)));`;
    const { code, stdout, stderr } = await run(script, flags);
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout), names);
  }
  assertTrained(await run(program(`${top}mod.ts`), flags));
  assertInferred(await run(inference(top), flags));
}

/** Fails unless the README warns of this, wherever its lines break. */
export async function assertInReadme(text: string): Promise<void> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  assert(readme.replace(/\s+/g, " ").includes(text), `README.md does not tell of: ${text}`);
}
