/** Damaged files are refused as such, or make a model that works; nothing else is thrown, and memory stays within reason. */
import fc from "npm:fast-check@4.10.2";
import { CheckpointError, generate, key, load } from "../../src/edge/mod.ts";
import { decodeModel, encodeModel, readFloats } from "../../src/model_file.ts";
import { layout, leaves } from "../../src/vae/layout.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/safetensors.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { decodeCheckpoint } from "../../src/checkpoint.ts";
import { CONFIGS, labelsOf, smallFile } from "./models.ts";

const SMALL = ["linear", "conditional by embedding", "conv with batch norm", "gaussian-global"];
const FILES = SMALL.flatMap((name) => {
  const file = smallFile(CONFIGS[name]), { checkpoint: { config, params } } = decodeCheckpoint(file);
  return [file, encodeModel(config, params, "params", { float16: true })];
});

/** Whether a file is taken; if so its tensors have the sizes that its configuration says. */
function taken(file: Uint8Array): boolean {
  try {
    const { config, params } = decodeModel(file), shapes = leaves(layout(config));
    leaves(params).forEach((entry, i) => {
      const n = shapes[i].shape.reduce((n, size) => n * size, 1);
      assertEquals(entry.data.length, n * (entry.dtype === "F16" ? 2 : 4));
      readFloats(entry, new Float32Array(n));
    });
    return true;
  } catch (error) {
    if (error instanceof CheckpointError && error.message.startsWith("Cannot read checkpoint: ")) return false;
    throw error;
  }
}

/** A file as elbo 0.1 wrote it. */
function withoutHash(file: Uint8Array): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(file);
  delete metadata.sha256;
  return encodeSafetensors(tensors, metadata);
}

/** The header of a file, and the file with another one, whose length is as it has to be. */
function headerOf(file: Uint8Array): Uint8Array {
  return file.subarray(8, 8 + new DataView(file.buffer).getUint32(0, true));
}

function withHeader(file: Uint8Array, header: Uint8Array): Uint8Array {
  const data = file.subarray(8 + headerOf(file).length), out = new Uint8Array(8 + header.length + data.length);
  out.set(header, 8);
  out.set(data, 8 + header.length);
  new DataView(out.buffer).setUint32(0, header.length, true);
  return out;
}

const text = new TextEncoder();
const file = fc.constantFrom(...FILES);

Deno.test("files with changed headers are refused or sound", () => {
  const pieces = ["[", "{", "}", ",", '"', "0", "-", "1e9", "null", "1e400", '"classes":2', "[9]", "9007199254740993"];
  const change = fc.record({
    at: fc.nat(),
    remove: fc.constantFrom(0, 1, 1, 1, 2, 8, 40),
    insert: fc.oneof(fc.uint8Array({ maxLength: 2 }), fc.constantFrom(...pieces.map((piece) => text.encode(piece)))),
  });
  let accepted = 0;
  fc.assert(
    fc.property(file, fc.array(change, { minLength: 1, maxLength: 3 }), (file, changes) => {
      let header = [...headerOf(file)];
      for (const { at, remove, insert } of changes) header = header.toSpliced(at % header.length, remove, ...insert);
      if (taken(withHeader(file, Uint8Array.from(header)))) accepted++;
    }),
    { seed: 1, numRuns: 4000 },
  );
  assert(accepted > 10 && accepted < 2000, `${accepted} accepted`);
});

Deno.test("files with other configurations are refused or sound", () => {
  const value = fc.oneof(
    fc.constantFrom(0, 1, 2, 3, -1, 0.5, 1e300, 2 ** 53, "relu", "laplace", true, null, [], [1], {}),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const name = fc.constantFrom(
    ...["input", "latent", "likelihood", "variance", "classes", "embedding", "image", "encoder", "decoder"],
    ...["hidden", "activation", "channels", "batchNorm"],
  );
  const inText = (config: unknown) => JSON.stringify(JSON.stringify(config));
  let accepted = 0;
  fc.assert(
    fc.property(file, name, value, fc.boolean(), (file, name, value, inner) => {
      const { config } = decodeModel(file), encoder = { ...config.encoder, [name]: value };
      const other = inner ? { ...config, encoder } : { ...config, [name]: value };
      const header = new TextDecoder().decode(headerOf(file));
      assert(header.includes(inText(config)));
      if (taken(withHeader(file, text.encode(header.replace(inText(config), () => inText(other)))))) accepted++;
    }),
    { seed: 2, numRuns: 3000 },
  );
  assert(accepted > 100 && accepted < 2500, `${accepted} accepted`);
});

Deno.test("a model of changed bytes is refused by its SHA-256, and without one if a value is not finite", async () => {
  let loaded = 0, refused = 0;
  await fc.assert(
    fc.asyncProperty(file, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 30 }), async (file, changes) => {
      const bytes = file.slice(), length = 8 + headerOf(file).length;
      for (const [at, value] of changes) bytes[length + at % (bytes.length - length)] = value;
      const same = bytes.every((byte, i) => byte === file[i]);
      if (!same && "sha256" in decodeSafetensors(bytes).metadata) {
        await assertRejects(() => load(bytes), CheckpointError);
      }
      try {
        const model = await load(withoutHash(bytes)), given = labelsOf(2, model.config.classes);
        const { data } = generate(model, { n: 2, key: key(0), ...given });
        assertEquals(data.length, 2 * model.config.input);
        assert(model.bytes < bytes.length + 2 ** 21);
        loaded++;
      } catch (error) {
        assert(error instanceof CheckpointError && error.message.includes("expected finite values in "), String(error));
        refused++;
      }
    }),
    { seed: 3, numRuns: 300 },
  );
  assert(loaded > 50 && refused > 5, `${loaded} loaded, ${refused} refused`);
});
