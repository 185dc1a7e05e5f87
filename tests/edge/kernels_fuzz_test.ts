/** Damaged kernels are refused as such, or make a model; a damaged name never makes numbers that are other ones. */
import fc from "npm:fast-check@4.10.2";
import { encode, generate, key, load, reconstruct } from "../../src/edge/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { smallFile, wasm } from "./models.ts";

const FILE = smallFile();
const GOOD = await wasm("edge_relaxed");

/** What a model loaded with kernels does; undefined if they are refused. Whatever else is thrown fails the test. */
async function done<T>(kernels: Uint8Array<ArrayBuffer>, use: (model: Awaited<ReturnType<typeof load>>) => T) {
  try {
    return use(await load(FILE, { wasm: kernels }));
  } catch (error) {
    const { message } = error as Error,
      clear = /^Cannot (load kernels: .|use the kernels: expected .+ of this version of elbo, got .)/.test(message);
    if (error instanceof Error && clear) return undefined;
    throw error;
  }
}

function works(model: Awaited<ReturnType<typeof load>>): Float32Array[] {
  const x = new Float32Array(12).fill(0.5), { mean, logVar } = encode(model, x);
  return [mean, logVar, reconstruct(model, x, { key: key(1) }), generate(model, { n: 3, key: key(2) })].map((a) =>
    a.data
  );
}

/** Where the bytes of the names are that a module exports. */
function namesIn(module: Uint8Array): number[] {
  let at = 8;
  const next = () => {
    let value = 0, shift = 0, byte;
    do {
      byte = module[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    return value;
  };
  for (;;) {
    const section = module[at++], size = next();
    if (section === 7) break;
    at += size;
  }
  const places: number[] = [];
  for (let count = next(); count > 0; count--) {
    for (let length = next(); length > 0; length--) places.push(at++);
    at++;
    next();
  }
  return places;
}

Deno.test("kernels with changed bytes are refused, or compile", async () => {
  const change = fc.tuple(fc.nat(GOOD.length - 1), fc.nat(255));
  let loaded = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const kernels = GOOD.slice();
      for (const [at, value] of changes) kernels[at] = value;
      // Not called: what compiles may do anything but leave its memory, also run forever.
      const bytes = await done(kernels, (model) => model.bytes);
      assert(bytes === undefined || bytes < FILE.length + 2 ** 21);
      if (bytes !== undefined) loaded++;
    }),
    { seed: 1, numRuns: 1500 },
  );
  assert(loaded > 100 && loaded < 1000, `${loaded} loaded`);
});

Deno.test("kernels cut anywhere, and with bytes to spare, are refused", async () => {
  for (let length = 0; length < GOOD.length; length += length < 1200 ? 1 : 997) {
    assertEquals(await done(GOOD.slice(0, length), works), undefined, `${length} bytes`);
  }
  for (const more of [1, 2, 1000]) {
    const longer = new Uint8Array(GOOD.length + more);
    longer.set(GOOD);
    assertEquals(await done(longer, works), undefined);
  }
});

Deno.test("kernels of which one has another name are refused, at the latest when it is called", async () => {
  const wanted = await done(GOOD, works), places = namesIn(GOOD), counts = { same: 0, refused: 0 };
  assert(places.length > 300 && wanted !== undefined);
  for (const at of places) {
    const kernels = GOOD.slice();
    kernels[at] ^= 1;
    const got = await done(kernels, works);
    if (got !== undefined) assertEquals(got, wanted); // of a kernel that other models need
    counts[got ? "same" : "refused"]++;
  }
  assert(counts.same > 50 && counts.refused > 50, JSON.stringify(counts));
});

Deno.test("kernels that want another memory are refused", async () => {
  // (module (import "env" "memory" (memory MIN MAX))): more than a model begins with, less than it may become, and shared.
  const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
  const importing = (...limits: number[]) => {
    const section = [1, ...name("env"), ...name("memory"), 2, ...limits];
    return Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 2, section.length, ...section);
  };
  for (const kernels of [importing(1, 2, 3), importing(0, 99), importing(3, 1, 1), importing(1, 1, 1)]) {
    assert(WebAssembly.validate(kernels));
    assertEquals(await done(kernels, works), undefined);
  }
});
