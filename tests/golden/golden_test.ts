/** Bits that must not change: see cases.ts. The hashes are of baseline SIMD, which is the same on every machine. */
import { start, stop } from "../../mod.ts";
import { assertEquals } from "../assert.ts";
import { CASES, checkpointHash, hashOf } from "./cases.ts";
import hashes from "./hashes.json" with { type: "json" };

const KNOWN: Readonly<Record<string, string>> = hashes;
const file = (name: string) => Deno.readFile(new URL(name, import.meta.url));

/** Runs `body` on kernels of baseline SIMD. */
async function onBaseline(body: () => Promise<void>): Promise<void> {
  stop();
  await start({ threads: 2, simd: "baseline" });
  try {
    await body();
  } finally {
    stop();
  }
}

Deno.test("models that elbo 0.1 had start, train and answer with its bits", () =>
  onBaseline(async () => {
    const got: Record<string, string> = {};
    for (const [name, each] of Object.entries(CASES)) got[name] = await hashOf(each);
    assertEquals(Object.keys(got).length, Object.keys(KNOWN).length - 1);
    for (const [name, hash] of Object.entries(got)) assertEquals(hash, KNOWN[name], name);
  }));

Deno.test("a checkpoint of elbo 0.1 loads, answers and goes on with its bits", () =>
  onBaseline(async () => {
    assertEquals(await checkpointHash(await file("version_1.safetensors")), KNOWN["version_1.safetensors"]);
  }));
