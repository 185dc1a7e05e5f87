/** What a model takes of memory: its weights, and room for a call; and no more however often it is called. */
import { OwnHeap } from "../../src/edge/heap.ts";
import {
  decode,
  encode,
  generate,
  key,
  likelihood,
  load,
  type Model,
  reconstruct,
  sample,
} from "../../src/edge/mod.ts";
import { decodeModel } from "../../src/model_file.ts";
import { leaves } from "../../src/vae/layout.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { CONFIGS, labelsOf, smallFile } from "./models.ts";

/** Everything that a model can do, once. */
function everything(model: Model, B: number): Float32Array[] {
  const { config } = model, given = labelsOf(B, config.classes), x = new Float32Array(B * config.input).fill(0.25);
  const q = encode(model, x, given), z = sample(q, { key: key(1) }), outputs = decode(model, z, given);
  const p = likelihood(model), drawn = { key: key(2), ...given };
  return [
    ...[q.mean, q.logVar, z, outputs, p.mean(outputs), p.sample(outputs, { key: key(2) }), p.logProb(outputs, x)],
    ...[reconstruct(model, x, given), generate(model, { n: B, ...drawn })],
  ].map(({ data }) => data);
}

Deno.test("memory is the weights and at most 2 MB for small batches", async () => {
  for (const [name, config] of Object.entries(CONFIGS)) {
    const file = smallFile(config), model = await load(file);
    const weights = leaves(decodeModel(file).params).reduce((sum, { data }) => sum + data.length, 0);
    for (const B of [1, 16]) {
      everything(model, B);
      assert(model.bytes <= weights + 2 * 2 ** 20, `${name}, ${B} examples: ${model.bytes} bytes`);
    }
  }
});

Deno.test("ten thousand calls take no more memory than the first, and leave results and arguments alone", async () => {
  const model = await load(smallFile({ input: 12, hidden: [9], latent: 3, classes: 4, likelihood: "gaussian-pixel" }));
  const first = everything(model, 5), kept = first.map((data) => data.slice());
  everything(model, 9);
  const { bytes } = model;
  for (let i = 0; i < 1200; i++) everything(model, 1 + i % 9);
  assertEquals(model.bytes, bytes);
  assertEquals(first, kept);
  assertEquals(everything(model, 5), kept);
});

Deno.test("calls that fail take no memory, and the next one is as before", async () => {
  const model = await load(smallFile()), good = everything(model, 3), { bytes } = model;
  const x = new Float32Array(18);
  x[17] = NaN;
  for (let i = 0; i < 1000; i++) {
    assertThrows(() => encode(model, x), RangeError, "got NaN at [2, 5]");
    assertThrows(() => generate(model, { n: 1, key: key(0), labels: 1 }), TypeError, "expected no labels");
  }
  assertThrows(() => generate(model, { n: 2 ** 31, key: key(0) }), RangeError, "expected fewer than 2^30 values");
  assertEquals(model.bytes, bytes);
  assertEquals(everything(model, 3), good);
});

Deno.test("arguments are not changed, and results share nothing", async () => {
  const model = await load(smallFile()), x = Float32Array.from({ length: 12 }, (_, i) => i / 12), before = x.slice();
  const a = encode(model, x), b = encode(model, x);
  assert(a.mean.data.buffer !== b.mean.data.buffer && a.mean.data.byteLength === a.mean.data.buffer.byteLength);
  const z = sample(a, { key: key(0) }).data;
  a.mean.data.fill(7); // a copy: neither the model nor the other result sees it
  assertEquals(sample(b, { key: key(0) }).data, z);
  assertEquals(x, before);
  assert(Object.isFrozen(model) && Object.isFrozen(model.config) && Object.isFrozen(model.metadata));
});

Deno.test("models side by side do not disturb each other", async () => {
  const names = ["the README's", "conv with batch norm", "conditional by embedding", "laplace"];
  const files = names.map((name) => smallFile(CONFIGS[name]));
  const alone: Float32Array[][] = [];
  for (const file of files) alone.push(everything(await load(file), 4));
  const models = await Promise.all([...files, ...files].map((file) => load(file)));
  const together = models.map((): Float32Array[] => []);
  for (let round = 0; round < 3; round++) models.forEach((model, i) => together[i] = everything(model, 4));
  assertEquals(together, [...alone, ...alone]);
});

Deno.test("OwnHeap uses again what was given back, and grows to the largest need only", () => {
  const heap = new OwnHeap(), a = heap.alloc(1000), b = heap.alloc(5000), c = heap.alloc(60_000);
  assert([a, b, c].every((pointer) => pointer > 0 && pointer % 64 === 0));
  assert(b >= a + 1000 && c >= b + 5000);
  assertEquals(heap.memory.buffer.byteLength, 2 * 65536);
  heap.free(b);
  const [d, e] = [heap.alloc(3000), heap.alloc(0)];
  assertEquals(d, b);
  assert(e >= d + 3000 && e < c);
  heap.free(a);
  heap.free(d);
  assertEquals(heap.alloc(4000), a); // the gaps of both are one
  assertThrows(() => heap.free(b + 64), Error, "expected a block in use");
  assertThrows(() => heap.alloc(2 ** 33), RangeError, "Cannot allocate 8589934592 bytes");
  assertEquals(heap.memory.buffer.byteLength, 2 * 65536);
});
