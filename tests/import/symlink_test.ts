/** A checkout that is reached through a symbolic link: Deno 2.9 does not find binaries by the link's path. */
import { assertEquals } from "../assert.ts";

const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Runs a program in a folder with a link to the checkout. */
async function runBeside(program: string, ...permissions: string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(ROOT, `${folder}/link`);
    await Deno.writeTextFile(`${folder}/first.ts`, program);
    const args = ["run", "--quiet", "--no-prompt", "--node-modules-dir=none", ...permissions, "first.ts"];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the main module runs through a folder that is a symbolic link", async () => {
  const program = `
    import { generate, init, key, start } from "./link/mod.ts";
    await start({ threads: 2 });
    console.log(generate(init({ input: 4, latent: 2 }, { key: key(0) }).params, { n: 3, key: key(1) }).shape);`;
  assertEquals(await runBeside(program, "--allow-read"), "[ 3, 4 ]\n");
});

Deno.test("so does its baseline build, and the edge module", async () => {
  const program = `
    import { init, key, save, start } from "./link/mod.ts";
    import * as edge from "./link/src/edge/mod.ts";
    console.log((await start({ threads: 1, simd: "baseline" })).simd);
    const model = await edge.load(save(init({ input: 4, latent: 2 }, { key: key(0) })));
    console.log(edge.generate(model, { n: 3, key: edge.key(1) }).shape);`;
  assertEquals(await runBeside(program, "--allow-read"), "baseline\n[ 3, 4 ]\n");
});
