/**
 * Makes the explorer's page of its parts in `src/explorer/` and of the kernels, one file that loads nothing else:
 * `deno task build:explorer` writes `page.ts` there, `deno task explorer:check` fails if what is committed differs.
 *
 * @module
 */
import { bundle } from "./bundle.ts";

const PARTS = new URL("../src/explorer/", import.meta.url), OUT = new URL("page.ts", PARTS);
const KERNELS = new URL("bin/edge_baseline.wasm", import.meta.url);

const read = (name: string) => Deno.readTextFile(new URL(name, PARTS));

/** The script, whole. */
async function script(): Promise<string> {
  const { code } = await bundle('import "./src/explorer/main.ts";');
  return new TextDecoder().decode(code).replaceAll("</script", "<\\/script");
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
