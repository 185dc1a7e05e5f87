import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { allowed, assertImportable, assertInReadme, assertTrained, program, ROOT, run, withHost } from "./consumer.ts";

Deno.test("all entries work imported from a URL, with --allow-import as the only permission", async () => {
  await withHost({}, (top, host) => assertImportable(top, allowed(host)));
});

Deno.test("mod.ts imported from a URL says which flag is missing where imports from the host are not allowed", async () => {
  await withHost({}, async (top) => {
    const { code, stderr } = await run(program(`${top}mod.ts`));
    assertEquals(code, 1);
    assertMatch(stderr, /--allow-import/);
  });
});

Deno.test("mod.ts imported from a local checkout trains with two threads without any permission", async () => {
  assertTrained(await run(program(new URL("mod.ts", ROOT).href)));
});

Deno.test("mod.ts imported from below a path of a host trains", async () => {
  await withHost({ at: "/someone/elbo@1.0/" }, (top, host) => assertImportable(top, allowed(host)));
});

/** Hosts of raw files, object stores, servers that take .ts for video, and those that say nothing. */
const GOOD: Record<string, (extension: string) => string | null> = {
  "all files as text/plain": () => "text/plain; charset=utf-8",
  "all files as application/octet-stream": () => "application/octet-stream",
  ".ts as video/mp2t": (extension) => extension === "ts" ? "video/mp2t" : "application/octet-stream",
  "files without a type": () => null,
};

for (const [name, type] of Object.entries(GOOD)) {
  Deno.test(`mod.ts imported from a host that serves ${name} trains`, async () => {
    await withHost({ type }, (top, host) => assertImportable(top, allowed(host)));
  });
}

/** Types that Deno believes more than the extension, and what it says then. */
const BAD = {
  "text/html": "Expected a JavaScript or TypeScript module, but identified a Unknown module",
  "text/javascript": "SyntaxError: Expected ','",
};

for (const [type, message] of Object.entries(BAD)) {
  Deno.test(`mod.ts cannot be imported from a host that serves all files as ${type}, as the README says`, async () => {
    await withHost({ type: () => type }, async (top, host) => {
      const { code, stderr } = await run(program(`${top}mod.ts`), allowed(host));
      assertEquals(code, 1);
      assertStringIncludes(stderr, message);
    });
    await assertInReadme(`\`${type}\``);
    await assertInReadme(`\`${message}`);
  });
}

Deno.test("types come with mod.ts from a URL, from a host that serves plain text too", async () => {
  await withHost({ type: () => "text/plain" }, async (top, host) => {
    const good = `import { init, key } from "${top}mod.ts"; const step: number = init({ input: 4, latent: 1 }, { key: `;
    const checked = await run(good + "key(0) }).step; console.log(step);", [...allowed(host), "--check"]);
    assertEquals([checked.code, checked.stdout], [0, "0\n"], checked.stderr);
    const { code, stderr } = await run(good + '"no key" }).step;', [...allowed(host), "--check"]);
    assertEquals(code, 1);
    assertMatch(stderr, /TS2322/);
  });
});
