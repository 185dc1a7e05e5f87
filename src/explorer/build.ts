/**
 * Makes the explorer's page of its parts, one file that loads nothing else: `deno task build:explorer` writes `page.ts`,
 * `deno task explorer:check` fails if what is committed differs.
 *
 * @module
 */
import * as esbuild from "npm:esbuild@0.25.12";

const here = new URL("./", import.meta.url), OUT = new URL("page.ts", here);
const KERNELS = new URL("../../wasm/bin/edge_baseline.wasm", here);

const read = (name: string) => Deno.readTextFile(new URL(name, here));

/** The script, whole. */
async function script(): Promise<string> {
  const { outputFiles: [{ text }] } = await esbuild.build({
    entryPoints: [new URL("main.ts", here).pathname],
    external: ["*/binaries.js"],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  await esbuild.stop();
  return text.replaceAll("</script", "<\\/script");
}

/** What a policy knows an element in the page by. */
async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${new Uint8Array(digest).toBase64()}'`;
}

/** The page: nothing runs or shows but what is in it, and only models come from elsewhere. */
async function page(): Promise<string> {
  const [code, style, kernels] = await Promise.all([script(), read("style.css"), Deno.readFile(KERNELS)]);
  const policy = [
    "default-src 'none'",
    `script-src ${await hash(code)} 'wasm-unsafe-eval'`,
    `style-src ${await hash(style)}`,
    "img-src data:",
    "connect-src *",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts: Record<string, string> = { policy, style, kernels: kernels.toBase64(), script: code };
  return (await read("page.html")).replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}

const made = `// Made by \`deno task build:explorer\` of the files beside it.

/** The latent explorer: a page that loads nothing but a model, for \`createHandler\` or any file host. */
export const explorer: string = ${JSON.stringify(await page())};
`;
if (!Deno.args.includes("--check")) {
  await Deno.writeTextFile(OUT, made);
} else if (made !== await Deno.readTextFile(OUT)) {
  console.error("src/explorer/page.ts is not what its parts make: run deno task build:explorer");
  Deno.exit(1);
}
