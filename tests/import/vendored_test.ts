/** A copy of the module inside another project, whose compiler options are its own. */
import { assertEquals } from "../assert.ts";
import { deno, ENTRIES, ROOT } from "./consumer.ts";

/** The strictest that TypeScript has beyond `strict`, which elbo's own deno.json does not ask of its tests. */
const STRICTEST = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Makes a project with a copy of the module in `vendor/` and type-checks files of it; returns what Deno complains of. */
async function check(compilerOptions: Record<string, unknown>, files: readonly string[]): Promise<string> {
  const project = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${project}/deno.json`, JSON.stringify({ compilerOptions, nodeModulesDir: "none" }));
    await copy(`${ROOT.pathname}src`, `${project}/vendor/src`);
    await copy(`${ROOT.pathname}wasm/bin`, `${project}/vendor/wasm/bin`);
    await Deno.copyFile(`${ROOT.pathname}mod.ts`, `${project}/vendor/mod.ts`);
    const { code, stderr } = await deno(project, ["check", "--no-lock", ...files.map((file) => `vendor/${file}`)]);
    return code === 0 ? "" : stderr;
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

Deno.test("every entry of a vendored copy type-checks under the strictest compiler options", async () => {
  assertEquals(await check(STRICTEST, ENTRIES), "");
});

Deno.test("so do its commands, and the explorer's page where the DOM's types are asked for", async () => {
  const options = { ...STRICTEST, lib: ["deno.ns", "dom", "esnext"] };
  assertEquals(await check(options, ["src/cli", "src/explorer"]), "");
});
